/** Streams the entries of one folder in constant memory, sorted by bytes on request. */
import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { createSorter } from './external-sort.ts';
import { fsPath } from './name-bytes.ts';

/** `special` is a device, a pipe or a socket. `hidden` is a name that starts with a dot. */
export type EntryKind = 'file' | 'folder' | 'link' | 'special' | 'hidden';

export interface Entry {
  /** The raw name (see name-bytes.ts). */
  readonly name: string;
  readonly kind: EntryKind;
}

export interface ListingOptions {
  /** False gives the order of the file system, for counting. */
  readonly sorted: boolean;
  /** Omits entries with a smaller raw name. */
  readonly from: string | null;
  readonly spillDir: string;
  /** Entries to sort in memory. More spill to a temporary file. */
  readonly maxInMemory: number;
  readonly signal: AbortSignal;
}

/** Entries per read from the file system. */
const READ_AHEAD = 512;

/** All entries of the folder at the raw path `folder`. Throws what node:fs throws, or the reason of the signal. */
export async function* listFolder(folder: string, options: ListingOptions): AsyncGenerator<Entry> {
  if (!options.sorted) {
    yield* scan(folder, options);
    return;
  }
  const sorter = createSorter({ dir: options.spillDir, maxInMemory: options.maxInMemory });
  try {
    for await (const entry of scan(folder, options)) await sorter.add(encode(entry));
    for await (const record of sorter.sorted()) yield decode(record);
  } finally {
    await sorter.close();
  }
}

async function* scan(folder: string, { from, signal }: ListingOptions): AsyncGenerator<Entry> {
  signal.throwIfAborted();
  // Buffers keep names that are not UTF-8. Node's types know only strings.
  const dir = await opendir(fsPath(folder) as string, {
    encoding: 'buffer' as 'utf8',
    bufferSize: READ_AHEAD,
  });
  for await (const dirent of dir) {
    signal.throwIfAborted();
    const name = (dirent.name as unknown as Buffer).toString('latin1');
    if (from !== null && name < from) continue;
    yield { name, kind: name.startsWith('.') ? 'hidden' : kindOf(dirent) };
  }
}

function kindOf(dirent: Dirent): EntryKind {
  if (dirent.isFile()) return 'file';
  if (dirent.isDirectory()) return 'folder';
  return dirent.isSymbolicLink() ? 'link' : 'special';
}

// A record is the name, NUL and the kind. No name contains NUL. NUL is the smallest character, so records sort by name.
function encode({ name, kind }: Entry): string {
  return `${name}\0${kind}`;
}

function decode(record: string): Entry {
  const at = record.indexOf('\0');
  return { name: record.slice(0, at), kind: record.slice(at + 1) as EntryKind };
}
