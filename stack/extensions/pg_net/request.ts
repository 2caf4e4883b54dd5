// Sends one queued request and describes what came back the way pg_net does.

/** A row of net.http_request_queue. */
export interface QueuedRequest {
  id: string;
  method: string;
  url: string;
  headers: Record<string, unknown> | null;
  body: Uint8Array | null;
  timeout_milliseconds: number;
}

/** A row of net._http_response, without its time. */
export interface Response {
  id: string;
  status_code: number | null;
  content_type: string | null;
  headers: Record<string, string> | null;
  content: string | null;
  timed_out: boolean;
  error_msg: string | null;
}

/** Never throws: what goes wrong becomes a response without status and headers. */
export async function send(request: QueuedRequest): Promise<Response> {
  const { timeout_milliseconds: milliseconds } = request;
  if (milliseconds < 0) {
    return failure(request, false, "A libcurl function was given a bad argument");
  }
  // As with libcurl, 0 is no time limit at all.
  const timeout = milliseconds === 0
    ? new AbortController().signal
    : AbortSignal.timeout(milliseconds);
  try {
    const url = new URL(request.url);
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      return failure(request, false, "Unsupported protocol");
    }
    const response = await fetch(url, {
      method: request.method.toUpperCase(),
      headers: requestHeaders(request),
      body: request.body && request.method.toUpperCase() !== "GET"
        ? new Uint8Array(request.body)
        : undefined,
      redirect: "follow",
      signal: timeout,
    });
    // As the original, which takes the body for a C string: it ends at the first NUL.
    const content = (await response.text()).split("\0")[0];
    return {
      id: request.id,
      status_code: response.status,
      content_type: response.headers.get("content-type"),
      headers: Object.fromEntries(response.headers),
      content: content || null,
      timed_out: false,
      error_msg: null,
    };
  } catch (error) {
    if (timeout.aborted) {
      return failure(request, true, `Timeout of ${milliseconds} ms reached.`);
    }
    return failure(request, false, reason(error));
  }
}

function requestHeaders(request: QueuedRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    headers.append(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  headers.set("user-agent", "pg_net/0.20.4");
  return headers;
}

function failure(request: QueuedRequest, timedOut: boolean, message: string): Response {
  return {
    id: request.id,
    status_code: null,
    content_type: null,
    headers: null,
    content: null,
    timed_out: timedOut,
    error_msg: message,
  };
}

/** The usual failures in the words of libcurl, which pg_net passes on; others in their own. */
function reason(error: unknown): string {
  // fetch says only that it failed; its cause says why.
  const { cause, message } = error as Error;
  const text = String((cause as Error | undefined)?.message ?? message ?? error);
  if (/Invalid URL/i.test(text)) return "URL using bad/illegal format or missing URL";
  if (/dns error|failed to lookup/i.test(text)) return "Couldn't resolve host name";
  if (/connection refused|error \(Connect\)/i.test(text)) return "Couldn't connect to server";
  if (/too many redirects|redirect/i.test(text)) return "Number of redirects hit maximum amount";
  if (/closed before message completed|connection reset|broken pipe/i.test(text)) {
    return "Server returned nothing (no headers, no data)";
  }
  return text;
}
