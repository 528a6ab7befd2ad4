/** A file that holds the rows of a dataset, wherever it is. It is read at any offset, so several workers can share it. */
import { ForebayError } from '../../errors.ts';

export interface ByteFile {
  /** The path or URL that the user knows, for messages. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Changes whenever the content does: an ETag, or the size and modification time. */
  readonly version: string;
  /**
   * Fills `into` with the bytes from `position` on, and returns how many there were: fewer only at the end of the file.
   * Throws ForebayError `input_unreadable` or `dataset_changed`.
   */
  read(into: Uint8Array, position: number, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
}

/** Opens the files of datasets. Throws ForebayError `input_not_found`, `input_unreadable`, `storage_unavailable`. */
export interface ByteFiles {
  /** `path`: as a dataset's spec has it. */
  open(path: string, signal: AbortSignal): Promise<ByteFile>;
}

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

/** Throws ForebayError `dataset_changed` if the file has another version. */
export function checkVersion({ name, version }: ByteFile, expected: string): void {
  if (version === expected) return;
  throw new ForebayError(
    'dataset_changed',
    `${name} has changed since the job was submitted. Submit it as a new job, and change no file that a job reads.`,
  );
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
