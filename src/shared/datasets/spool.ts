/**
 * Payloads of a request put on disk before it is answered (G2): URL lists and inline rows, as pack-rows.ts made them.
 */
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForebayError, messageOf } from '../errors.ts';
import type { Line } from './lines/line-reader.ts';
import type { PackedInline, PackedUrls } from './inline/pack-rows.ts';

/** Writes the list durably. Throws ForebayError `storage_unavailable`. */
export async function spoolUrls(file: string, { lines }: PackedUrls): Promise<void> {
  await write([[file, lines]]);
}

/** Writes rows and their bytes durably. Throws ForebayError `storage_unavailable`. */
export async function spoolInline(jsonl: string, blob: string, rows: PackedInline): Promise<void> {
  await write([
    [jsonl, rows.lines],
    [blob, rows.blob],
  ]);
}

/** What a line of a spool file says. Only damage to Forebay's own data folder makes it throw. */
export function parseSpooled<T>({ bytes, start }: Line, path: string): T {
  try {
    return JSON.parse(bytes!.toString('utf8')) as T;
  } catch (error) {
    throw new ForebayError('input_unreadable', `The spool file ${path} is damaged at byte ${start}.`, {
      cause: error,
    });
  }
}

async function write(contents: readonly (readonly [string, readonly Uint8Array[]])[]): Promise<void> {
  const folder = dirname(contents[0]![0]);
  try {
    await mkdir(folder, { recursive: true });
    for (const [path, pieces] of contents) {
      const file = await open(path, 'w');
      try {
        for (const piece of pieces) await file.appendFile(piece);
        await file.sync();
      } finally {
        await file.close();
      }
    }
  } catch (error) {
    throw new ForebayError(
      'storage_unavailable',
      `Cannot write the request's rows to ${folder}: ${messageOf(error)}. Free space there, or make it writable.`,
      { cause: error },
    );
  }
}
