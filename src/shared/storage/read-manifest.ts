/** Reads manifest.json in constant memory. The finaliser writes one part or member per line. */
import { lstat } from 'node:fs/promises';
import { z } from 'zod';
import { LOCAL_FILES } from '../datasets/bytes/local-files.ts';
import { readLines } from '../datasets/lines/line-reader.ts';
import { ForebayError } from '../errors.ts';
import { isMissing } from '../files/is-missing.ts';

/** Maximum rows of a block. Checked because others may write to the storage. */
const ROWS = z.int().min(0).max(10_000);

/** One line of `parts`. */
const PART = z.object({
  name: z.string(),
  rows: ROWS,
  bytes: z.int().min(0),
  sha256: z.string(),
  errors: z
    .object({
      name: z.string(),
      rows: ROWS,
      sha256: z.string(),
      /** Rows that a retry ran again. A later part or errors file has their outcome. */
      superseded: ROWS.optional(),
    })
    .nullable(),
});
export type ManifestPart = z.infer<typeof PART>;

/**
 * The members except `parts`. Null if there is no manifest, or if it has another form. Throws the error of node:fs if
 * the manifest is there but cannot be read.
 */
export async function readManifest(path: string): Promise<Readonly<Record<string, unknown>> | null> {
  const members = new Map<string, unknown>();
  let whole = false;
  try {
    if (!(await lstat(path)).isFile()) return null;
    for await (const line of linesOf(path)) {
      if (line === '}') whole = true;
      else if (line.startsWith('"') && !line.startsWith('"parts":')) {
        for (const [name, value] of Object.entries(JSON.parse(`{${line}}`) as object))
          members.set(name, value);
      }
    }
  } catch (error) {
    const failure = fileError(error) ?? fileError((error as Error).cause);
    if (failure !== null && !isMissing(failure)) throw failure;
    return null;
  }
  return whole ? Object.fromEntries(members) : null;
}

function fileError(error: unknown): NodeJS.ErrnoException | null {
  return error instanceof Error && 'syscall' in error ? (error as NodeJS.ErrnoException) : null;
}

/** Throws ForebayError `output_changed` for a line that Forebay did not write. */
export async function* manifestParts(path: string): AsyncGenerator<ManifestPart, void, undefined> {
  for await (const line of linesOf(path)) {
    if (line.startsWith('{"name":')) yield readPart(line, path);
    if (line === ']') return;
  }
}

function readPart(line: string, path: string): ManifestPart {
  try {
    return PART.parse(JSON.parse(line));
  } catch (cause) {
    throw new ForebayError(
      'output_changed',
      `Forebay did not write this line of ${path}: ${line.slice(0, 100)}. Restore the file, or use another output.`,
      { cause },
    );
  }
}

/** Yields lines without their trailing commas. */
async function* linesOf(path: string): AsyncGenerator<string, void, undefined> {
  const { signal } = new AbortController();
  const file = await LOCAL_FILES.open(path, signal);
  try {
    for await (const lines of readLines(file, 0, signal)) {
      for (const { bytes } of lines) {
        const text = bytes?.toString('utf8') ?? '';
        yield text.endsWith(',') ? text.slice(0, -1) : text;
      }
    }
  } finally {
    await file.close();
  }
}
