/**
 * One folder's entries, streamed; byte-sorted where asked, in constant memory however large the folder is.
 * Knows nothing of what lies below or of which entries become rows.
 */
import type { Dirent } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { createSorter } from './external-sort.ts';
import { fsPath } from './name-bytes.ts';

/** `special`: a device, a pipe or a socket. `hidden`: a name that begins with a dot. */
export type EntryKind = 'file' | 'folder' | 'link' | 'special' | 'hidden';

export interface Entry {
  /** Raw name (see name-bytes.ts). */
  readonly name: string;
  readonly kind: EntryKind;
}

export interface ListingOptions {
  /** False: in whatever order the file system gives them, for counting. */
  readonly sorted: boolean;
  /** Only entries whose raw name is not smaller. */
  readonly from: string | null;
  readonly spillDir: string;
  /** Entries sorted in memory; beyond it they spill to a temporary file. */
  readonly maxInMemory: number;
  readonly signal: AbortSignal;
}

/** Entries read at a time from the file system. */
const READ_AHEAD = 512;

/**
 * All entries of the folder at raw path `folder`. Throws what node:fs throws.
 */
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
  // Node's types know only string names; with 'buffer' they are buffers, which keeps names that are not UTF-8.
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

// A record is the name, NUL (in no name, and the smallest character: it keeps the order) and the kind.
function encode({ name, kind }: Entry): string {
  return `${name}\0${kind}`;
}

function decode(record: string): Entry {
  const at = record.indexOf('\0');
  return { name: record.slice(0, at), kind: record.slice(at + 1) as EntryKind };
}
