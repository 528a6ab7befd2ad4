/** The header of a tar entry, in the formats ustar, GNU and pax. */
import { isUtf8 } from 'node:buffer';

export const TAR_BLOCK = 512;
/** Maximum size of a header that describes the next entry, in bytes. */
export const LONGEST_EXTRA = 1024 * 1024;

export interface TarHeader {
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  /** One character. NUL is `0`, a file. */
  readonly type: string;
  /** Whether more blocks of a GNU sparse map follow. */
  readonly isExtended: boolean;
}

/** `empty`: a block of zeros, which ends an archive. `damaged`: the checksum or the size is wrong. */
export function readTarHeader(block: Buffer): TarHeader | 'empty' | 'damaged' {
  if (block.length < TAR_BLOCK || !hasTarChecksum(block)) {
    return block.length === TAR_BLOCK && block.every((byte) => byte === 0) ? 'empty' : 'damaged';
  }
  const size = tarSize(block);
  if (size === null) return 'damaged';
  const type = block[156] === 0 ? '0' : String.fromCharCode(block[156]!);
  return { name: tarName(block), size, type, isExtended: type === 'S' && block[482] === 1 };
}

/** Bytes between the end of a content of this size and the next header. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

/** Old tars have names that are not UTF-8. Latin-1 keeps them apart, because it knows every byte. */
export function tarText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  const text = end < 0 ? bytes : bytes.subarray(0, end);
  return text.toString(isUtf8(text) ? 'utf8' : 'latin1');
}

/** The name in a header. */
export function tarName(block: Buffer): string {
  const isUstar = block.toString('latin1', 257, 262) === 'ustar';
  // GNU tar keeps other fields in the place of the prefix, and has no version there.
  const prefix = isUstar && block[263] === 0x30 ? tarText(block.subarray(345, 500)) : '';
  const name = tarText(block.subarray(0, 100));
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** Bytes of content after a header. Null: impossible. */
export function tarSize(block: Buffer): number | null {
  return numberAt(block, 124, 12);
}

/** The number is in octal digits. Large numbers are binary instead, and their first bit is set. Null: impossible. */
function numberAt(block: Buffer, at: number, length: number): number | null {
  let value: number;
  if ((block[at]! & 0x80) === 0) {
    const digits = tarText(block.subarray(at, at + length)).trim();
    if (!/^[0-7]*$/.test(digits)) return null;
    value = Number.parseInt(digits || '0', 8);
  } else {
    value = block[at]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + block[at + i]!;
  }
  return Number.isSafeInteger(value) ? value : null;
}

/** The checksum is the sum of all bytes, where its own field counts as spaces. Some old tools add signed bytes. */
export function hasTarChecksum(block: Buffer): boolean {
  let sum = 8 * 32;
  let negative = 0;
  for (let i = 0; i < TAR_BLOCK; i++) {
    if (i >= 148 && i < 156) continue;
    sum += block[i]!;
    if (block[i]! > 127) negative += 256;
  }
  const written = Number.parseInt(tarText(block.subarray(148, 156)).trim(), 8);
  return sum === written || sum - negative === written;
}
