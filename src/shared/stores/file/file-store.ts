/** Files of this machine. A URL is a `file:` URL or an absolute path. Checks no input roots; its callers do. */
import { createReadStream, type BigIntStats } from 'node:fs';
import { stat as statFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ForebayError, messageOf } from '../../errors.ts';
import { versionOf } from './file-version.ts';
import { isMissing } from '../../files/is-missing.ts';
import { gather } from '../gather.ts';
import type { ListingStore, ObjectInfo, ReadOptions } from '../store.ts';
import { listFiles } from './list-files.ts';

export function createFileStore({ maxBytes }: { readonly maxBytes: number }): ListingStore {
  async function* stream(url: string, options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { range, signal, version } = options;
    signal.throwIfAborted();
    const path = pathOf(url);
    if (version !== undefined) await checkVersion(path, version);
    if (range !== undefined && range.to <= range.from) return;
    const bounds = range === undefined ? {} : { start: range.from, end: range.to - 1 };
    const file = createReadStream(path, bounds);
    try {
      for await (const chunk of file as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        yield chunk;
      }
    } catch (error) {
      signal.throwIfAborted();
      throw fileError(path, error);
    } finally {
      file.destroy();
    }
  }

  return {
    async stat(url, signal) {
      signal.throwIfAborted();
      const path = pathOf(url);
      try {
        const found = await statFile(path, { bigint: true });
        return found.isFile() ? infoOf(found) : null;
      } catch (error) {
        if (isMissing(error)) return null;
        throw fileError(path, error);
      }
    },
    stream,
    read: async (url, options) => gather(stream(url, options), maxBytes),
    async *list(prefix, after, signal) {
      const from = after === null ? null : pathOf(after);
      for await (const { path, found } of listFiles(pathOf(prefix), from, signal)) {
        yield { url: path, ...infoOf(found) };
      }
    },
  };
}

/** Throws ForebayError `invalid_request`. */
function pathOf(url: string): string {
  if (!/^file:\//i.test(url)) return url;
  try {
    return fileURLToPath(url);
  } catch (error) {
    throw new ForebayError('invalid_request', `"${url}" does not name a local path.`, { cause: error });
  }
}

function infoOf(found: BigIntStats): ObjectInfo {
  return { size: Number(found.size), version: versionOf(found) };
}

async function checkVersion(path: string, version: string): Promise<void> {
  const found = await statFile(path, { bigint: true }).catch((error: unknown) => {
    throw fileError(path, error);
  });
  if (versionOf(found) === version) return;
  throw new ForebayError('dataset_changed', `${path} changed after it was listed`);
}

function fileError(path: string, cause: unknown): ForebayError {
  if (cause instanceof ForebayError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  if (isMissing(cause)) return new ForebayError('file_not_found', `${path} does not exist`, { cause });
  if (code === 'EACCES' || code === 'EPERM') {
    return new ForebayError('access_denied', `this user may not read ${path}`, { cause });
  }
  return new ForebayError('file_unreadable', `cannot read ${path}: ${messageOf(cause)}`, { cause });
}
