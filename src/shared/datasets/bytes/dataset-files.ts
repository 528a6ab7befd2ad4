/**
 * Opens dataset files on this machine, in object stores and on web servers. Compressed files, and files that a server
 * can only send whole, are read from a cache on disk.
 */
import { join } from 'node:path';
import { ForebayError } from '../../errors.ts';
import { isRemoteUrl } from '../../stores/remote-url.ts';
import type { Stores } from '../../stores/stores.ts';
import { checkVersion, chunksOf, HEAD_BYTES, type ByteFile, type ByteFiles } from './byte-file.ts';
import { createFileCache } from '../../file-cache/file-cache.ts';
import { COMPRESSION_HEAD_BYTES, type Compression } from './compression.ts';
import { LOCAL_FILES, openedFile } from './local-files.ts';
import { openStored, type OpenedFile } from './stored-file.ts';
import { checkHead, unpack } from './unpack/unpack.ts';

export interface DatasetFilesOptions {
  readonly stores: Pick<Stores, 'of'>;
  /** The cache is below this folder. All processes of a machine can share it. */
  readonly cacheDir: string;
  /** Bytes of the cache. */
  readonly fileCacheBytes: number;
  /** Decompressed bytes per compressed byte. Small files are exempt. */
  readonly maxFetchRatio: number;
}

/** Files whose compression is remembered. */
const MOST_KNOWN = 1_000;

export function createDatasetFiles(options: DatasetFilesOptions): ByteFiles {
  const { stores } = options;
  const limits = { maxRatio: options.maxFetchRatio };
  const cache = createFileCache({
    folder: join(options.cacheDir, 'files'),
    maxBytes: options.fileCacheBytes,
  });
  /** By path and version, so that opening a plain file again costs nothing. */
  const known = new Map<string, Compression | null>();

  async function openRaw(path: string, signal: AbortSignal): Promise<OpenedFile> {
    if (isRemoteUrl(path)) return openStored(await stores.of(path), path, signal);
    return { readable: true, file: await LOCAL_FILES.open(path, signal) };
  }

  async function compressionOf(
    file: ByteFile,
    key: string,
    signal: AbortSignal,
  ): Promise<Compression | null> {
    const found = known.get(key);
    if (found !== undefined) return found;
    const head = Buffer.alloc(COMPRESSION_HEAD_BYTES);
    const filled = await file.read(head, 0, signal);
    const compression = checkHead(
      head.subarray(0, filled),
      (why) => new ForebayError('input_unreadable', `${file.name} ${why}`),
    );
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, compression);
    return compression;
  }

  /** The plain bytes of a file. */
  async function* plainChunks(path: string, { readable, file }: OpenedFile, signal: AbortSignal) {
    const chunks = readable ? chunksOf(file, signal) : file.stream(signal);
    yield* unpack({ name: file.name, size: file.size, chunks }, limits, signal);
    // Nothing pins the version of a local file.
    if (!isRemoteUrl(path)) {
      const now = await LOCAL_FILES.open(path, signal);
      await now.close();
      checkVersion(now, file.version);
    }
  }

  /** Opens a file, and hands it to `use` if it is not plain. `use` gets how it is compressed, if that is known. */
  async function openWith(
    path: string,
    signal: AbortSignal,
    use: (raw: OpenedFile, key: string, compression: Compression | null) => Promise<ByteFile>,
  ): Promise<ByteFile> {
    const raw = await openRaw(path, signal);
    const { file } = raw;
    let isKept = false;
    try {
      const key = `${path}\0${file.version}`;
      const compression = raw.readable ? await compressionOf(raw.file, key, signal) : null;
      if (raw.readable && compression === null) {
        isKept = true;
        return raw.file;
      }
      return await use(raw, key, compression);
    } finally {
      if (!isKept) await file.close();
    }
  }

  return {
    open: async (path, signal) =>
      openWith(path, signal, async (raw, key, compression) => {
        const { name, version } = raw.file;
        const making = { key, name, chunks: () => plainChunks(path, raw, signal) };
        const file = await cache.open(making, signal);
        const { size } = await file.stat();
        return openedFile(file, { name, version, size, ...(compression !== null && { compression }) });
      }),

    openHead: async (path, signal, bytes = HEAD_BYTES) =>
      openWith(path, signal, async (raw, _, compression) => {
        const { name, version } = raw.file;
        const { head, isHead } = await startOf(plainChunks(path, raw, signal), bytes);
        return inMemory(head, { name, version, isHead, ...(compression !== null && { compression }) });
      }),
  };
}

async function startOf(
  chunks: AsyncIterable<Uint8Array>,
  bytes: number,
): Promise<{ readonly head: Buffer; readonly isHead: boolean }> {
  const start: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    // Another chunk shows that there is more.
    if (size >= bytes) return { head: Buffer.concat(start), isHead: true };
    start.push(chunk);
    size += chunk.length;
  }
  return { head: Buffer.concat(start), isHead: false };
}

function inMemory(
  bytes: Buffer,
  about: Pick<ByteFile, 'name' | 'version' | 'isHead' | 'compression'>,
): ByteFile {
  return {
    ...about,
    size: bytes.length,
    read: async (into, position) => bytes.copy(into, 0, position),
    close: async () => {},
  };
}
