/**
 * Payloads of a request put on disk before it is answered (G2): URL lists and inline rows. The lines' form
 * is known here and in the two sources that read them.
 */
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ForebayError, messageOf } from '../errors.ts';
import type { Line } from './line-reader.ts';
import { blobAt, invalidAt } from './locate.ts';

export interface InlineRow {
  readonly id: string;
  /** Base64, standard or URL-safe alphabet, padding and white space optional. */
  readonly data: string;
}

/** Writes the list durably. Throws ForebayError `storage_unavailable`. */
export async function spoolUrls(file: string, urls: Iterable<string>): Promise<void> {
  await writing([file], async ([list]) => {
    for (const url of urls) await list!.text(`${JSON.stringify(url)}\n`);
  });
}

/** Writes rows and their decoded bytes durably; bad base64 costs its row. Throws ForebayError `storage_unavailable`. */
export async function spoolInline(jsonl: string, blob: string, rows: Iterable<InlineRow>): Promise<void> {
  await writing([jsonl, blob], async ([list, bytes]) => {
    let offset = 0;
    for (const { id, data } of rows) {
      const decoded = decodeBase64(data);
      const at = decoded === null ? invalidAt('"data" is not valid base64') : blobAt(offset, decoded.length);
      await list!.text(`${JSON.stringify({ id, at })}\n`);
      if (decoded === null) continue;
      await bytes!.bytes(decoded);
      offset += decoded.length;
    }
  });
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

/** Null where Node's lenient decoder would silently drop characters. */
function decodeBase64(data: string): Buffer | null {
  const compact = /\s/.test(data) ? data.replace(/\s+/g, '') : data;
  const digits = compact.replace(/={1,2}$/, '');
  const padded = digits.length !== compact.length;
  if (!/^[A-Za-z0-9+/_-]*$/.test(digits) || digits.length % 4 === 1) return null;
  if (padded && compact.length % 4 !== 0) return null;
  return Buffer.from(digits, 'base64');
}

interface Writer {
  text(line: string): Promise<void>;
  bytes(chunk: Buffer): Promise<void>;
}

/** Bytes gathered before a write. */
const WRITE_BYTES = 1024 * 1024;

async function writing(paths: readonly string[], fill: (writers: Writer[]) => Promise<void>): Promise<void> {
  const files: FileHandle[] = [];
  try {
    for (const path of paths) {
      await mkdir(dirname(path), { recursive: true });
      files.push(await open(path, 'w'));
    }
    const writers = files.map(createWriter);
    await fill(writers);
    for (const writer of writers) await writer.finish();
  } catch (error) {
    throw new ForebayError(
      'storage_unavailable',
      `Cannot write the request's rows to ${dirname(paths[0]!)}: ${messageOf(error)}. Free space there, or make it writable.`,
      { cause: error },
    );
  } finally {
    for (const file of files) await file.close();
  }
}

function createWriter(file: FileHandle): Writer & { finish(): Promise<void> } {
  let chunks: Buffer[] = [];
  let size = 0;
  async function flush(): Promise<void> {
    if (size === 0) return;
    await file.appendFile(Buffer.concat(chunks));
    chunks = [];
    size = 0;
  }
  async function bytes(chunk: Buffer): Promise<void> {
    chunks.push(chunk);
    size += chunk.length;
    if (size >= WRITE_BYTES) await flush();
  }
  return {
    bytes,
    text: (line) => bytes(Buffer.from(line, 'utf8')),
    async finish() {
      await flush();
      await file.sync();
    },
  };
}
