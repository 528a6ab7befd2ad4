/** Walks the headers of a tar, in constant memory. The contents between them are not read, unless they are read ahead. */
import type { ByteWindow } from '../byte-window.ts';
import { unreadable, type Content, type Entry, type IndexRange } from '../entry.ts';
import type { SkipReason } from '../../../domain/skipped.ts';
import { readPax, type TarExtras } from './pax-header.ts';
import {
  LONGEST_EXTRA,
  readTarHeader,
  TAR_BLOCK,
  tarPadding,
  tarText,
  type TarHeader,
} from './tar-header.ts';

/** How many bytes to read at a header. `lastSize`: of the content before it. */
export type ReadAhead = (from: number, lastSize: number) => number;

/** Yields entries in batches. A whole batch is in the window, except perhaps the content of its last entry. */
export async function* tarEntries(
  window: ByteWindow,
  { from, to }: IndexRange,
  ahead: ReadAhead,
): AsyncGenerator<Entry[]> {
  const end = Math.min(to, window.size);
  let entries: Entry[] = [];
  let extras: TarExtras = {};
  /** Where the first header of the entry begins. */
  let start = from;
  let lastSize = 0;
  const damaged = (why: string): Entry => ({
    kind: 'damaged',
    from: start,
    to: window.size,
    problem: unreadable(
      `the archive is damaged at byte ${start}: ${why}. The members after it cannot be read`,
    ),
  });

  for (let at = from; at < end;) {
    let block = window.held(at, TAR_BLOCK);
    if (block === null) {
      if (entries.length > 0) yield entries;
      entries = [];
      block = await window.load(at, TAR_BLOCK, ahead(at, lastSize));
    }
    const header = readTarHeader(block);
    if (header === 'empty' || (header === 'damaged' && isPadding(block))) break;
    if (header === 'damaged') {
      entries.push(damaged(block.length < TAR_BLOCK ? 'it is cut off' : 'the checksum of a header is wrong'));
      break;
    }
    const body = at + TAR_BLOCK;
    if (isExtra(header)) {
      const read = await readExtra(window, header, body, extras);
      if (typeof read === 'string') {
        entries.push(damaged(read));
        break;
      }
      extras = read;
      at = body + header.size + tarPadding(header.size);
      continue;
    }
    const offset = header.isExtended ? await afterSparseMap(window, body) : body;
    const size = hasContent(header.type) ? (extras.size ?? header.size) : 0;
    at = offset + size + tarPadding(size);
    entries.push(
      entryOf(header, { extras, from: start, to: Math.min(at, window.size), offset, size, end, window }),
    );
    extras = {};
    start = at;
    lastSize = size;
  }
  if (entries.length > 0) yield entries;
}

function isExtra({ type }: TarHeader): boolean {
  return type === 'x' || type === 'L' || type === 'g' || type === 'K';
}

/** What is known of the next entry after this header. A text: what is wrong. */
async function readExtra(
  window: ByteWindow,
  { type, size }: TarHeader,
  from: number,
  known: TarExtras,
): Promise<TarExtras | string> {
  // `K`: the target of a link, which is not followed. `g`: values for all entries, which usually hold no name or size.
  if (type === 'K' || type === 'g') return known;
  if (size > LONGEST_EXTRA) return 'a header has more than 1 MB';
  const bytes = window.held(from, size) ?? (await window.load(from, size, size + 2 * TAR_BLOCK));
  if (bytes.length < size) return 'it is cut off';
  if (type === 'L') return { ...known, path: tarText(bytes) };
  const pax = readPax(bytes);
  return pax === null ? 'a pax header is not valid' : { ...known, ...pax };
}

/** A sparse file of GNU tar may have blocks that list its holes. Returns the offset after them. */
async function afterSparseMap(window: ByteWindow, from: number): Promise<number> {
  for (let at = from; ; at += TAR_BLOCK) {
    const block = window.held(at, TAR_BLOCK) ?? (await window.load(at, TAR_BLOCK, TAR_BLOCK));
    if (block[504] !== 1) return at + TAR_BLOCK;
  }
}

const LEFT_OUT: Readonly<Record<string, SkipReason>> = {
  1: 'archive_links',
  2: 'archive_links',
  3: 'special_files',
  4: 'special_files',
  6: 'special_files',
};

/** Links, devices, folders and pipes have none, whatever their size says. */
function hasContent(type: string): boolean {
  return type !== '5' && LEFT_OUT[type] === undefined;
}

function entryOf(
  { name: short, type }: TarHeader,
  found: {
    readonly extras: TarExtras;
    readonly from: number;
    readonly to: number;
    readonly offset: number;
    readonly size: number;
    readonly end: number;
    readonly window: ByteWindow;
  },
): Entry {
  const { extras, from, to, offset, size } = found;
  const name = extras.path ?? short;
  if (type === '5' || (type === '0' && size === 0 && name.endsWith('/'))) return { kind: 'folder', from, to };
  if (type !== '0' && type !== '7' && type !== 'S') {
    return { kind: 'left_out', name, reason: LEFT_OUT[type] ?? 'special_files', from, to };
  }
  const content: Content = { from: offset, to: offset + size, ahead: found.end, unpack };
  const member = { kind: 'file', name, from, to, size, content } as const;
  if (type === 'S' || extras.isSparse) {
    return { ...member, problem: unreadable('is a sparse file. Pack it without -S (--sparse)') };
  }
  const left = found.window.size - offset;
  const problem =
    size > left ? unreadable(`is cut off: ${Math.max(0, left)} of ${size} bytes are there`) : null;
  return { ...member, problem };
}

function unpack(stored: Buffer) {
  return { bytes: stored };
}

/** Whether the rest of a file is zeros, fewer than a block. */
function isPadding(block: Buffer): boolean {
  return block.length < TAR_BLOCK && block.every((byte) => byte === 0);
}
