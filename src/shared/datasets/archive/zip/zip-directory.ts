/** Finds the central directory of a zip, which is its index, from the record at the end of the file. */
import type { ByteFile } from '../../bytes/byte-file.ts';
import { readRange } from '../../bytes/byte-file.ts';

const END = 0x06054b50;
const END_BYTES = 22;
const LONGEST_COMMENT = 65_535;
const LOCATOR = 0x07064b50;
const LOCATOR_BYTES = 20;
const END_64 = 0x06064b50;
const END_64_BYTES = 56;
export const DIRECTORY_ENTRY = 0x02014b50;

export interface ZipDirectory {
  readonly from: number;
  readonly to: number;
  /** Added to the offsets in the directory. Not 0 if something else precedes the zip, such as a program. */
  readonly shift: number;
}

/** A text says why there is none. Throws as reading the file does. */
export async function findZipDirectory(file: ByteFile, signal: AbortSignal): Promise<ZipDirectory | string> {
  const tailFrom = Math.max(0, file.size - END_BYTES - LONGEST_COMMENT - LOCATOR_BYTES);
  const tail = await readRange(file, { from: tailFrom, to: file.size }, signal);
  const at = endRecord(tail);
  if (at === null) return 'it has no index at its end, so it is cut off';
  const end = tail.subarray(at);
  if (end.readUInt16LE(4) !== 0 && end.readUInt16LE(4) !== 0xffff) return SPLIT;
  const count = end.readUInt16LE(10);
  const size = end.readUInt32LE(12);
  const offset = end.readUInt32LE(16);
  const endAt = tailFrom + at;
  if (count === 0xffff || size === 0xffffffff || offset === 0xffffffff) {
    const large = await largeDirectory(file, tail, { at, tailFrom }, signal);
    if (large !== null) return large;
  }
  return place(file, { size, offset, endAt }, signal);
}

const SPLIT = 'it is one part of a zip that was split into several files. Join them, as with zip -s 0';
const BROKEN = 'its index is damaged';

/** The last record that reaches exactly to the end of the file, or else the last one. */
function endRecord(tail: Buffer): number | null {
  let found: number | null = null;
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== END) continue;
    found ??= at;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return at;
  }
  return found;
}

/** The directory of a zip with at least 65,535 members or 4 GB. Null: the zip has no record of that kind. */
async function largeDirectory(
  file: ByteFile,
  tail: Buffer,
  { at, tailFrom }: { readonly at: number; readonly tailFrom: number },
  signal: AbortSignal,
): Promise<ZipDirectory | string | null> {
  const locator = at - LOCATOR_BYTES;
  if (locator < 0 || tail.readUInt32LE(locator) !== LOCATOR) return null;
  const locatorAt = tailFrom + locator;
  const written = numberAt(tail, locator + 8);
  // Something before the zip moves the record, but then it is still right before its locator.
  for (const from of [written, locatorAt - END_64_BYTES]) {
    if (from === null || from < 0 || from + END_64_BYTES > locatorAt) continue;
    const record = await readRange(file, { from, to: from + END_64_BYTES }, signal);
    if (record.readUInt32LE(0) !== END_64) continue;
    const size = numberAt(record, 40);
    const offset = numberAt(record, 48);
    if (size === null || offset === null) return BROKEN;
    return place(file, { size, offset, endAt: from }, signal);
  }
  return BROKEN;
}

/** The directory usually ends where the record at the end begins, whatever precedes the zip. */
async function place(
  file: ByteFile,
  { size, offset, endAt }: { readonly size: number; readonly offset: number; readonly endAt: number },
  signal: AbortSignal,
): Promise<ZipDirectory | string> {
  if (size === 0) return { from: endAt, to: endAt, shift: 0 };
  for (const from of [endAt - size, offset]) {
    if (from < 0 || from + size > endAt || size < 46) continue;
    const head = await readRange(file, { from, to: from + 4 }, signal);
    if (head.readUInt32LE(0) === DIRECTORY_ENTRY) return { from, to: from + size, shift: from - offset };
  }
  return BROKEN;
}

/** Null: too large for any file. */
export function numberAt(bytes: Buffer, at: number): number | null {
  const value = Number(bytes.readBigUInt64LE(at));
  return Number.isSafeInteger(value) ? value : null;
}
