/** Lists files in the byte order of their paths, as an object store lists its keys. Does not follow links. */
import type { BigIntStats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { listFolder, type Entry } from '../../datasets/files/folder-listing.ts';
import { rawOf, textOf } from '../../datasets/files/name-bytes.ts';
import { ForebayError, messageOf } from '../../errors.ts';
import { isMissing } from '../../files/is-missing.ts';

export interface ListedFile {
  readonly path: string;
  readonly found: BigIntStats;
}

/** Names of one folder that are sorted in memory. More spill to a temporary file. */
const MAX_IN_MEMORY = 50_000;

/**
 * Yields the files whose path starts with `prefix`. A folder that does not exist has none. Leaves out names that are not
 * UTF-8, because they have no URL. Throws ForebayError `file_unreadable`.
 */
export async function* listFiles(
  prefix: string,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<ListedFile> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  for await (const raw of walk(rawOf(folder), rawOf(prefix), after === null ? null : rawOf(after), signal)) {
    const { text, valid } = textOf(raw);
    const found = valid ? await lstat(text, { bigint: true }).catch(() => null) : null;
    if (found?.isFile() === true) yield { path: text, found };
  }
}

/** All paths are raw (see name-bytes.ts). `folder` ends with `/`. */
async function* walk(
  folder: string,
  prefix: string,
  after: string | null,
  signal: AbortSignal,
): AsyncGenerator<string> {
  /** Folders whose files come later: "a-b" sorts before "a/b", but the entry "a" before "a-b". Sorted. */
  const waiting: string[] = [];
  async function* below(upTo: string | null): AsyncGenerator<string> {
    while (waiting[0] !== undefined && (upTo === null || waiting[0] < upTo)) {
      const inner = waiting.shift()!;
      if (after === null || after < inner || after.startsWith(inner)) {
        yield* walk(inner, prefix, after, signal);
      }
    }
  }
  for await (const { name, path } of entriesOf(folder, signal)) {
    yield* below(path);
    if (path.endsWith('/')) {
      if (path.startsWith(prefix) || prefix.startsWith(path)) insert(waiting, path);
    } else if (path.startsWith(prefix) && (after === null || path > after) && name !== '') {
      yield path;
    }
  }
  yield* below(null);
}

async function* entriesOf(
  folder: string,
  signal: AbortSignal,
): AsyncGenerator<{ readonly name: string; readonly path: string }> {
  const options = { sorted: true, from: null, spillDir: tmpdir(), maxInMemory: MAX_IN_MEMORY, signal };
  try {
    for await (const entry of listFolder(folder, options)) {
      const path = folder + entry.name;
      yield { name: entry.name, path: (await isFolder(entry, path)) ? `${path}/` : path };
    }
  } catch (error) {
    signal.throwIfAborted();
    if (isMissing(error)) return;
    if (error instanceof ForebayError) throw error;
    const { text } = textOf(folder);
    throw new ForebayError('file_unreadable', `cannot list ${text}: ${messageOf(error)}`, { cause: error });
  }
}

/** The listing does not tell the kind of hidden entries. */
async function isFolder({ kind }: Entry, path: string): Promise<boolean> {
  if (kind !== 'hidden') return kind === 'folder';
  return lstat(textOf(path).text).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

function insert(sorted: string[], path: string): void {
  const at = sorted.findIndex((other) => other > path);
  sorted.splice(at === -1 ? sorted.length : at, 0, path);
}
