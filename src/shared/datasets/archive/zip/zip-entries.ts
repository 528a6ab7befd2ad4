/** Walks the central directory of a zip, in constant memory. */
import type { SkipReason } from '../../../domain/skipped.ts';
import type { ByteWindow } from '../byte-window.ts';
import { unreadable, type Content, type Entry, type IndexRange, type RowProblem } from '../entry.ts';
import { createZipUnpacker, LOCAL_HEADER_BYTES } from './zip-content.ts';
import { DIRECTORY_ENTRY, numberAt } from './zip-directory.ts';
import { methodName } from './zip-methods.ts';
import { extraField, zipName } from './zip-text.ts';

/** Bytes of the directory to read at a time. They hold about 800 entries. */
const PIECE = 64 * 1024;
const ENTRY_BYTES = 46;
const ZIP64 = 0x0001;
/** The header before a content may be this much longer than the entry in the directory says. */
const HEADER_SLACK = 64;
/** Deflate makes no content larger by more than this, and a thousandth of its size. */
const DEFLATE_SLACK = 1024;
/** Contents that are no further apart are read together. */
const NEAR = 64 * 1024;

/** `shift`: see ZipDirectory. Yields entries in batches. */
export async function* zipEntries(
  window: ByteWindow,
  { from, to }: IndexRange,
  shift: number,
): AsyncGenerator<Entry[]> {
  let entries: Entry[] = [];
  for (let at = from; at < to;) {
    let head = window.held(at, ENTRY_BYTES);
    let length = head === null ? 0 : lengthOf(head);
    if (head === null || window.held(at, length) === null) {
      if (entries.length > 0) yield readTogether(entries);
      entries = [];
      const ahead = Math.min(PIECE, to - at);
      head = await window.load(at, ENTRY_BYTES, ahead);
      length = head.length < ENTRY_BYTES ? 0 : lengthOf(head);
      if (length > 0) head = await window.load(at, length, ahead);
    }
    if (length === 0 || head.length < ENTRY_BYTES || head.readUInt32LE(0) !== DIRECTORY_ENTRY) {
      entries.push(damaged(at, to));
      break;
    }
    const entry = window.held(at, length);
    if (entry === null || at + length > to) {
      entries.push(damaged(at, to));
      break;
    }
    entries.push(entryOf(entry, { from: at, to: at + length }, shift, window.size));
    at += length;
  }
  if (entries.length > 0) yield readTogether(entries);
}

function damaged(at: number, to: number): Entry {
  const why = `the index of the archive is damaged at byte ${at}. The members after it cannot be read`;
  return { kind: 'damaged', from: at, to, problem: unreadable(why) };
}

function lengthOf(head: Buffer): number {
  return ENTRY_BYTES + head.readUInt16LE(28) + head.readUInt16LE(30) + head.readUInt16LE(32);
}

function entryOf(bytes: Buffer, place: IndexRange, shift: number, fileSize: number): Entry {
  const nameEnd = ENTRY_BYTES + bytes.readUInt16LE(28);
  const extraEnd = nameEnd + bytes.readUInt16LE(30);
  const extra = bytes.subarray(nameEnd, extraEnd);
  const name = zipName(bytes.subarray(ENTRY_BYTES, nameEnd), extra);
  const reason = leftOutReason(bytes);
  if (reason === 'folder' || name.endsWith('/')) return { kind: 'folder', ...place };
  if (reason !== null) return { kind: 'left_out', name, reason, ...place };

  const [size, packedSize, header] = numbersOf(bytes, extra);
  const flags = bytes.readUInt16LE(8);
  const method = bytes.readUInt16LE(10);
  const from = header + shift;
  const to = from + LOCAL_HEADER_BYTES + (extraEnd - ENTRY_BYTES) + HEADER_SLACK + packedSize;
  const content: Content = {
    from,
    to: Math.min(to, fileSize),
    ahead: Math.min(to, fileSize),
    unpack: createZipUnpacker({ method, size, packedSize, crc: bytes.readUInt32LE(16) }),
  };
  const problem = problemOf({
    flags,
    method,
    isSound: method === 0 ? size === packedSize : packedSize <= size + size / 1000 + DEFLATE_SLACK,
    isInside: from >= 0 && from + LOCAL_HEADER_BYTES + packedSize <= fileSize,
  });
  return { kind: 'file', name, size, problem, content, ...place };
}

function problemOf(entry: {
  readonly flags: number;
  readonly method: number;
  /** Whether both sizes fit together. */
  readonly isSound: boolean;
  readonly isInside: boolean;
}): RowProblem | null {
  if ((entry.flags & 0x41) !== 0)
    return unreadable('is encrypted, and members with passwords cannot be read');
  if (entry.method !== 0 && entry.method !== 8) {
    return unreadable(
      `is compressed with ${methodName(entry.method)}. Pack it with Deflate, which all tools know`,
    );
  }
  if (!entry.isSound) return unreadable('has sizes that contradict each other, so the index is damaged');
  return entry.isInside ? null : unreadable('lies outside the archive, so its index is damaged');
}

/** Sizes and the offset. Those that do not fit are in an extra field instead, in this order. */
function numbersOf(bytes: Buffer, extra: Buffer): [size: number, packedSize: number, header: number] {
  const large = extraField(extra, ZIP64);
  let next = 0;
  const read = (at: number): number => {
    const value = bytes.readUInt32LE(at);
    if (value !== 0xffffffff || large === null || next + 8 > large.length) return value;
    const number = numberAt(large, next);
    next += 8;
    return number ?? Number.MAX_SAFE_INTEGER;
  };
  return [read(24), read(20), read(42)];
}

const UNIX = 3;
const TYPE_MASK = 0o170000;
const FILE_TYPE = 0o100000;
const FOLDER_TYPE = 0o040000;
const LINK_TYPE = 0o120000;

/** Tools on Unix keep the type of a file in its attributes. */
function leftOutReason(bytes: Buffer): SkipReason | 'folder' | null {
  if (bytes[5] !== UNIX) return null;
  const type = bytes.readUInt16LE(40) & TYPE_MASK;
  if (type === 0 || type === FILE_TYPE) return null;
  if (type === FOLDER_TYPE) return 'folder';
  return type === LINK_TYPE ? 'archive_links' : 'special_files';
}

/** Contents usually follow each other in the order of the directory. Then one read serves many of them. */
function readTogether(entries: readonly Entry[]): Entry[] {
  const together: Entry[] = [];
  let next: Content | null = null;
  for (const entry of entries.toReversed()) {
    if (entry.kind !== 'file') {
      together.push(entry);
      continue;
    }
    const { content } = entry;
    const follows: boolean = next !== null && next.from >= content.from && next.from <= content.to + NEAR;
    next = { ...content, ahead: follows ? Math.max(content.to, next!.ahead) : content.to };
    together.push({ ...entry, content: next });
  }
  return together.reverse();
}
