import { parse } from "npm:csv-parse@7.0.3/sync";
import { PermanentError } from "../_shared/job/errors.ts";

export interface ChunkRequest {
  url: string;
  from: number;
  columns?: string[] | undefined;
  chunkBytes: number;
}

export interface Chunk {
  columns: string[];
  rows: Record<string, string>[];
  /** Where the next chunk begins. */
  end: number;
  isLast: boolean;
}

/** Reads whole records of a CSV file from a byte on; asks for no more of it than that. */
export async function readChunk(request: ChunkRequest, signal: AbortSignal): Promise<Chunk> {
  const { bytes, isLast } = await readBytes(request, signal);
  const whole = isLast ? bytes : bytes.subarray(0, endOfLastRecord(bytes));
  if (whole.length === 0 && bytes.length > 0) {
    throw new PermanentError(
      `a record at byte ${request.from} is longer than a chunk of ${request.chunkBytes} bytes`,
    );
  }
  const text = new TextDecoder().decode(whole);
  const records: string[][] = parse(text, {
    bom: true,
    skip_empty_lines: true,
    relax_column_count: true,
    trim: true,
  });
  const columns = request.columns ?? records.shift()?.map((name) => name.toLowerCase()) ?? [];
  return {
    columns,
    rows: records.map((record) =>
      Object.fromEntries(columns.map((name, index) => [name, record[index] ?? ""]))
    ),
    end: request.from + whole.length,
    isLast,
  };
}

async function readBytes({ url, from, chunkBytes }: ChunkRequest, signal: AbortSignal) {
  const response = await fetch(url, {
    headers: { Range: `bytes=${from}-${from + chunkBytes - 1}` },
    signal,
  });
  if (response.status === 416) {
    await response.body?.cancel();
    return { bytes: new Uint8Array(), isLast: true };
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the file could not be read: ${response.status}`);
  }
  const all = new Uint8Array(await response.arrayBuffer());
  if (response.status === 206) return { bytes: all, isLast: all.length < chunkBytes };
  return { bytes: all.subarray(from, from + chunkBytes), isLast: from + chunkBytes >= all.length };
}

const QUOTE = 0x22;
const NEWLINE = 0x0a;

/** Behind the last line break that is outside quotes; bytes of other characters never look so. */
function endOfLastRecord(bytes: Uint8Array): number {
  let end = 0;
  let quoted = false;
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] === QUOTE) quoted = !quoted;
    else if (bytes[index] === NEWLINE && !quoted) end = index + 1;
  }
  return end;
}
