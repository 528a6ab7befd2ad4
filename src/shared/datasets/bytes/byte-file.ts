/**
 * A file that holds the rows of a dataset, wherever it is. It is read at any offset, so several workers can share
 * it.
 */
import { ForebayError } from '../../errors.ts';
import type { Compression } from './compression.ts';

export interface ByteFile {
  /** The path or URL that the user knows, for messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the content does: an ETag, or the size and modification time. */
  readonly version: string;
  /** Whether this is only the beginning of the file. `size` is then the size of the beginning. Default: false. */
  readonly isHead?: boolean;
  /** How the file is compressed where it lies. Here it is not. Absent: it is not compressed. */
  readonly compression?: Compression;
  /**
   * Fills `into` with the bytes from `position` on, and returns how many there were: fewer only at the end of the
   * file. `until`: the reader needs no bytes from there on, which limits reading ahead. Throws ForebayError
   * `input_unreadable`, `dataset_changed`, `storage_unavailable`.
   */
  read(into: Uint8Array, position: number, signal: AbortSignal, until?: number): Promise<number>;
  close(): Promise<void>;
}

/** Opens the files of datasets. Throws ForebayError `input_not_found`, `input_unreadable`, `storage_unavailable`. */
export interface ByteFiles {
  /** `path`: as a dataset's spec has it. A path of this machine, or a URL. */
  readonly open: (path: string, signal: AbortSignal) => Promise<ByteFile>;
  /** Only the beginning of a file, if the whole costs time. At least `bytes`, unless the file is shorter. */
  readonly openHead: (path: string, signal: AbortSignal, bytes?: number) => Promise<ByteFile>;
}

/** Enough to see what is in a file. */
export const HEAD_BYTES = 1024 * 1024;

/** Opens a file, and closes it when `use` has settled. */
export async function withFile<T>(
  files: ByteFiles,
  path: string,
  signal: AbortSignal,
  use: (file: ByteFile) => Promise<T>,
): Promise<T> {
  const file = await files.open(path, signal);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

/** The same with only the beginning of the file. `bytes`: see ByteFiles.openHead. */
export async function withHead<T>(
  files: ByteFiles,
  path: string,
  signal: AbortSignal,
  use: (head: ByteFile) => Promise<T>,
  bytes?: number,
): Promise<T> {
  const open = async () => files.openHead(path, signal, bytes);
  return withFile({ ...files, open }, path, signal, use);
}

/** Throws ForebayError `dataset_changed` if the file has another version. */
export function checkVersion({ name, version }: ByteFile, expected: string): void {
  if (version === expected) return;
  throw new ForebayError(
    'dataset_changed',
    `${name} has changed since the job was submitted. Submit it as a new job, and change no file that a job reads.`,
  );
}

/** Bytes of a file that are read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** The bytes of a file in chunks. Ends early if the file has become shorter. */
export async function* chunksOf(
  file: ByteFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < file.size;) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, file.size - at));
    const filled = await file.read(chunk, at, signal);
    if (filled === 0) return;
    yield chunk.subarray(0, filled);
    at += filled;
  }
}

/** The bytes of a range. Throws ForebayError `dataset_changed` if the file ends earlier. */
export async function readRange(
  file: ByteFile,
  range: { readonly from: number; readonly to: number },
  signal: AbortSignal,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(range.to - range.from);
  const filled = await file.read(bytes, range.from, signal);
  if (filled === bytes.length) return bytes;
  throw new ForebayError(
    'dataset_changed',
    `${file.name} became shorter after reading began (it ends at byte ${range.from + filled}, and ${range.to} were expected). Submit it as a new job.`,
  );
}
