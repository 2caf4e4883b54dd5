/** What is needed of the library's introspection. */
export interface Catalog {
  functions?: { schema: string; name: string; arg_names: string[]; arg_types: string[] }[];
  columns: { schema: string; table: string; name: string; udt_name?: string; type: string }[];
}

/**
 * The library hands a string of the body on as it is, so a json or jsonb argument or column would
 * be given `done` where `"done"` is meant: such strings are quoted once more before it sees them.
 */
export async function quoteJsonStrings(
  request: Request,
  catalog: () => Promise<Catalog>,
): Promise<Request> {
  const isJson = request.headers.get("Content-Type")?.includes("json") ?? false;
  if (!isJson || !["POST", "PATCH", "PUT"].includes(request.method)) return request;
  const text = await request.text();
  const body = parse(text);
  const rows = Array.isArray(body) ? body : [body];
  if (!rows.some(hasString)) return withBody(request, text);

  const jsonNames = namesOfJson(await catalog(), request);
  let changed = false;
  for (const row of rows.filter(hasString)) {
    for (const name of jsonNames) {
      if (typeof row[name] !== "string") continue;
      row[name] = JSON.stringify(row[name]);
      changed = true;
    }
  }
  return withBody(request, changed ? JSON.stringify(body) : text);
}

function namesOfJson(catalog: Catalog, request: Request): Set<string> {
  const path = new URL(request.url).pathname.slice("/rest/v1/".length);
  const schema = request.headers.get("Content-Profile") ?? "public";
  if (!path.startsWith("rpc/")) {
    return new Set(
      catalog.columns.filter((column) =>
        column.schema === schema && column.table === path && /^jsonb?$/.test(column.udt_name ?? "")
      ).map((column) => column.name),
    );
  }
  const name = path.slice("rpc/".length);
  return new Set(
    (catalog.functions ?? []).filter((known) => known.schema === schema && known.name === name)
      .flatMap((known) =>
        known.arg_names.filter((_, i) => /^jsonb?$/.test(known.arg_types[i] ?? ""))
      ),
  );
}

function hasString(row: unknown): row is Record<string, unknown> {
  return typeof row === "object" && row !== null &&
    Object.values(row).some((value) => typeof value === "string");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function withBody(request: Request, body: string): Request {
  const headers = new Headers(request.headers);
  headers.delete("Content-Length");
  return new Request(request.url, {
    method: request.method,
    headers,
    body,
    signal: request.signal,
  });
}
