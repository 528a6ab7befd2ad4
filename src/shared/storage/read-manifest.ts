/** Reads manifest.json in constant memory. The finaliser writes one part or member per line. */
import { z } from 'zod';
import { readLines } from '../datasets/lines/line-reader.ts';
import { MAX_BLOCK_ROWS } from '../domain/job/job-options.ts';
import { ForebayError } from '../errors.ts';
import type { Output } from './output.ts';
import { MANIFEST_NAME } from './output-names.ts';

/** Maximum rows of a block. Checked because others may write to the storage. */
const ROWS = z.int().min(0).max(MAX_BLOCK_ROWS);

/** How many times a manifest is read if it is replaced while it is being read. */
export const READS = 3;

/** One line of `parts`. */
export const MANIFEST_PART = z.object({
  name: z.string(),
  /** A compacted file may have more rows than a block. */
  rows: z.int().min(0),
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
  /** The column and the value that name the folder of a compacted file. */
  partition: z.record(z.string(), z.string().nullable()).optional(),
});
export type ManifestPart = z.infer<typeof MANIFEST_PART>;

/** The job of a manifest, and the member that marks a compacted output. */
const COMPACTED = z.object({ job: z.string(), compact: z.object({ files: z.int() }) });

/** The job whose parts have become files, according to its manifest. Null: the output has parts. */
export function compactedBy(manifest: Readonly<Record<string, unknown>> | null): string | null {
  return COMPACTED.safeParse(manifest).data?.job ?? null;
}

/**
 * The members except `parts`. Null if there is no manifest, or if it has another form. Throws the error of the storage
 * if the manifest is there but cannot be read.
 */
export async function readManifest(output: Output): Promise<Readonly<Record<string, unknown>> | null> {
  for (let tries = READS; ; tries--) {
    try {
      return await readMembers(output);
    } catch (error) {
      // A job has just replaced it.
      if (tries === 1 || !hasChanged(error)) throw error;
    }
  }
}

/** Whether the manifest was replaced while it was read. This happens only on S3 and Azure. */
export function hasChanged(error: unknown): boolean {
  return error instanceof ForebayError && error.code === 'dataset_changed';
}

async function readMembers(output: Output): Promise<Readonly<Record<string, unknown>> | null> {
  const members = new Map<string, unknown>();
  let whole = false;
  try {
    for await (const line of linesOf(output)) {
      if (line === '}') whole = true;
      else if (line.startsWith('"') && !line.endsWith('[')) {
        for (const [name, value] of Object.entries(JSON.parse(`{${line}}`) as object))
          members.set(name, value);
      }
    }
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw (error as Error).cause ?? error;
  }
  return whole ? Object.fromEntries(members) : null;
}

/** Throws ForebayError `output_changed` for a line that Forebay did not write. */
export async function* manifestParts(output: Output): AsyncGenerator<ManifestPart, void, undefined> {
  for await (const line of linesOf(output)) {
    if (line.startsWith('{"name":')) yield readPart(line, output.pathOf(MANIFEST_NAME));
    if (line === ']') return;
  }
}

/** The errors files of a compacted output. Other manifests list them with their parts. */
export async function* manifestErrors(output: Output): AsyncGenerator<string, void, undefined> {
  let within = false;
  for await (const line of linesOf(output)) {
    if (within && line === ']') return;
    if (within) yield ERRORS_FILE.parse(JSON.parse(line)).name;
    if (line === '"errors":[') within = true;
  }
}

const ERRORS_FILE = z.object({ name: z.string() });

function readPart(line: string, path: string): ManifestPart {
  try {
    return MANIFEST_PART.parse(JSON.parse(line));
  } catch (cause) {
    throw new ForebayError(
      'output_changed',
      `Forebay did not write this line of ${path}: ${line.slice(0, 100)}. Restore the file, or use another output.`,
      { cause },
    );
  }
}

/** Yields lines without their trailing commas. None if there is no manifest. */
async function* linesOf(output: Output): AsyncGenerator<string, void, undefined> {
  const { signal } = new AbortController();
  const file = await output.open(MANIFEST_NAME);
  if (file === null) return;
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
