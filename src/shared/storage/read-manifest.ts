/**
 * Reads a manifest.json as the finaliser writes it, one part or member a line, so that a manifest of any length is
 * read in constant memory.
 */
import { readLines } from '../dataset/line-reader.ts';

/** A line of `parts`. */
export interface ManifestPart {
  readonly name: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  readonly errors: {
    readonly name: string;
    readonly rows: number;
    readonly sha256: string;
    /** Rows of it that a later part or errors file answers (a retry ran them again). */
    readonly superseded?: number;
  } | null;
}

/** The members beside `parts`; null where there is no manifest, or one of another form. */
export async function readManifest(path: string): Promise<Readonly<Record<string, unknown>> | null> {
  const members: Record<string, unknown> = {};
  let whole = false;
  try {
    for await (const line of linesOf(path)) {
      if (line === '}') whole = true;
      else if (line.startsWith('"') && !line.startsWith('"parts":')) {
        Object.assign(members, JSON.parse(`{${line}}`));
      }
    }
  } catch {
    return null;
  }
  return whole ? members : null;
}

export async function* manifestParts(path: string): AsyncGenerator<ManifestPart, void, undefined> {
  for await (const line of linesOf(path)) {
    if (line.startsWith('{"name":')) yield JSON.parse(line) as ManifestPart;
    if (line === ']') return;
  }
}

/** Without the commas behind them. */
async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  for await (const lines of readLines(path, 0, new AbortController().signal)) {
    for (const { bytes } of lines) {
      const text = bytes?.toString('utf8') ?? '';
      yield text.endsWith(',') ? text.slice(0, -1) : text;
    }
  }
}
