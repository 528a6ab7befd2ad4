/**
 * Reads a manifest.json as the finaliser writes it, one part or member a line, so that a manifest of any length is
 * read in constant memory.
 */
import { lstat } from 'node:fs/promises';
import { z } from 'zod';
import { readLines } from '../datasets/lines/line-reader.ts';
import { ForebayError } from '../errors.ts';

/** Most rows that a block can have: a manifest is read from storage, where others may write. */
const ROWS = z.int().min(0).max(10_000);

/** A line of `parts`. */
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
      /** Rows of it that a later part or errors file answers (a retry ran them again). */
      superseded: ROWS.optional(),
    })
    .nullable(),
});
export type ManifestPart = z.infer<typeof PART>;

/** The members beside `parts`; null where there is no manifest, or one of another form. */
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
  } catch {
    return null;
  }
  return whole ? Object.fromEntries(members) : null;
}

/** ForebayError `output_changed` for a line that Forebay did not write. */
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
      `A line of ${path} is not one that Forebay wrote: ${line.slice(0, 100)}. Restore the file, or use another output.`,
      { cause },
    );
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
