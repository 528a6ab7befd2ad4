/**
 * A file of a dataset in an object store or on a web server, read by ranges. All reads see the version that was there
 * at first.
 */
import { ForebayError } from '../../errors.ts';
import { retry } from '../../net/retry.ts';
import { inputError } from '../../stores/input-error.ts';
import { shownPath } from '../../stores/remote-url.ts';
import type { ByteRange, Store } from '../../stores/store.ts';
import type { ByteFile } from './byte-file.ts';
import { createReadAhead } from './read-ahead.ts';

/** `size`: null if the server does not tell. */
export interface StoredFile extends Omit<ByteFile, 'size'> {
  readonly size: number | null;
  /** The file from beginning to end, in one request. */
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** `readable`: the file can be read at any offset. Otherwise it only streams. Throws as ByteFiles.open does. */
export type OpenedFile =
  | { readonly readable: true; readonly file: ByteFile }
  | { readonly readable: false; readonly file: StoredFile };

export async function openStored(store: Store, url: string, signal: AbortSignal): Promise<OpenedFile> {
  const name = shownPath(url);
  const failed = (error: unknown) => inputError(`Cannot read ${name}`, changed(name, error));
  const info = await store.stat(url, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    throw failed(error);
  });
  if (info === null) throw new ForebayError('input_not_found', `${name} does not exist.`);
  const { size, version, ranges = true } = info;
  if (version === null) {
    throw new ForebayError(
      'input_unreadable',
      `The server of ${name} sends neither an ETag nor a Last-Modified header, so a change of the file would go unnoticed. Copy the file to a disk or to S3.`,
    );
  }

  async function* stream(of: AbortSignal, range?: ByteRange) {
    try {
      yield* store.stream(url, { signal: of, version: version ?? undefined, ...(range && { range }) });
    } catch (error) {
      of.throwIfAborted();
      throw failed(error);
    }
  }

  if (size === null || !ranges) {
    const never = async () => {
      throw new ForebayError('input_unreadable', `The server of ${name} cannot send a part of a file.`);
    };
    return {
      readable: false,
      file: { name, size, version, stream, read: never, close: async () => {} },
    };
  }

  /** The stores retry requests, but not bodies that break off. A server may send fewer bytes than asked for. */
  async function fill(into: Uint8Array, from: number, of: AbortSignal): Promise<void> {
    let filled = 0;
    let before = -1;
    while (filled < into.length && filled > before) {
      before = filled;
      await retry(async () => {
        for await (const chunk of stream(of, { from: from + filled, to: from + into.length })) {
          into.set(chunk, filled);
          filled += chunk.length;
        }
      }, of);
    }
    if (filled < into.length) throw changed(name, new ForebayError('dataset_changed', ''));
  }

  const ahead = createReadAhead(size, fill);
  return {
    readable: true,
    file: {
      name,
      size,
      version,
      read: async (into, position, of, until) => ahead.read(into, position, of, until),
      close: async () => ahead.close(),
    },
  };
}

/** The stores speak of a row whose object has changed. */
function changed(name: string, error: unknown): unknown {
  if (!(error instanceof ForebayError) || error.code !== 'dataset_changed') return error;
  return new ForebayError(
    'dataset_changed',
    `${name} changed while the job read it. Submit it as a new job, and change no file that a job reads.`,
    { cause: error },
  );
}
