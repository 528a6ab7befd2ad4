/**
 * Unpacks a .tar or .tar.gz archive: files and folders only, all below the target. Reads the formats ustar, GNU (long names)
 * and pax (long names and sizes), which every common tar writes.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { createGunzip } from 'node:zlib';
import { UsageError } from '../exit-codes.ts';
import { createByteReader, type ByteReader } from './byte-reader.ts';

const BLOCK = 512;
/** Maximum size of a header that describes the next entry, in bytes. */
const LONGEST_EXTRA = 1024 * 1024;

/** Throws UsageError for anything that is not such an archive, or leads out of the target. */
export async function unpackTar(archive: string, target: string): Promise<void> {
  const raw = createReadStream(archive);
  const stream = (await isGzip(archive)) ? raw.pipe(createGunzip()) : raw;
  raw.on('error', (error) => stream.destroy(error));
  const reader = createByteReader(stream);
  try {
    await unpackAll(reader, target);
  } catch (error) {
    if (String((error as NodeJS.ErrnoException).code).startsWith('Z_'))
      throw broken('its gzip data is damaged', error);
    throw error;
  } finally {
    raw.destroy();
    stream.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

async function unpackAll(reader: ByteReader, target: string): Promise<void> {
  let extra: { path?: string; size?: number } = {};
  for (;;) {
    const header = await reader.take(BLOCK);
    // Two empty blocks end an archive. Some writers leave them out.
    if (header === null || header.every((byte) => byte === 0)) return;
    if (header.length < BLOCK || !hasChecksum(header)) throw broken('it is not a tar archive, or damaged');
    const type = String.fromCharCode(header[156]!);
    const size = extra.size ?? numberAt(header, 124, 12);
    if (type === 'x' || type === 'L') {
      const text = (await takeAll(reader, size)).toString('utf8');
      if (type === 'x' && /(?:^|\n)\d+ GNU\.sparse\./.test(text)) throw broken(SPARSE);
      extra = type === 'L' ? { ...extra, path: text.replace(/\0.*$/s, '') } : { ...extra, ...readPax(text) };
      continue;
    }
    const path = placeOf(extra.path ?? nameOf(header), target);
    extra = {};
    if (type === '5') await mkdir(path, { recursive: true });
    else if (type === '0' || type === '\0') await writeEntry(reader, path, size);
    else if (type === 'g') await takeAll(reader, size);
    else throw broken(whyNotUnpacked(type, path.slice(target.length + 1)));
  }
}

const SPARSE = 'it holds a sparse file; pack it without -S (--sparse)';
/** Links, devices and pipes. K: the long target of a link. */
const NO_FILES = '12346K';

function whyNotUnpacked(type: string, name: string): string {
  if (type === 'S') return SPARSE;
  if (NO_FILES.includes(type))
    return `it holds a link or a device (${name}); pack files only, with tar --dereference`;
  return `it holds an entry of type ${JSON.stringify(type)} (${name}), which is neither a file nor a folder`;
}

async function writeEntry(reader: ByteReader, path: string, size: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  // Never follows a link, because the archive's links are refused.
  const file = await open(path, 'wx');
  try {
    for (let left = size; left > 0;) {
      const chunk = await reader.some(left);
      if (chunk === null) throw broken('it is cut off');
      await file.writeFile(chunk);
      left -= chunk.length;
    }
  } finally {
    await file.close();
  }
  await reader.take(padding(size));
}

async function takeAll(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > LONGEST_EXTRA) throw broken('it has a header of more than 1 MB');
  const bytes = await reader.take(size);
  if (bytes === null || bytes.length < size) throw broken('it is cut off');
  await reader.take(padding(size));
  return bytes;
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function placeOf(name: string, target: string): string {
  const below = normalize(name);
  if (name.startsWith('/') || /^\.\.(\/|$)/.test(below) || name.includes('\0') || name.includes('\\'))
    throw broken(`it holds "${name}", which is not a path below the archive's folder`);
  return join(target, below);
}

function nameOf(header: Buffer): string {
  const isUstar = header.toString('latin1', 257, 262) === 'ustar';
  const prefix = isUstar && header[263] === 0x30 ? textAt(header, 345, 155) : '';
  const name = textAt(header, 0, 100);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function textAt(header: Buffer, at: number, length: number): string {
  const text = header.toString('utf8', at, at + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** The number is in octal digits. Large numbers are binary instead, and their first bit is set. */
function numberAt(header: Buffer, at: number, length: number): number {
  if ((header[at]! & 0x80) !== 0) {
    let value = header[at]! & 0x7f;
    for (let i = 1; i < length; i++) value = value * 256 + header[at + i]!;
    return checked(value);
  }
  return checked(Number.parseInt(textAt(header, at, length).trim() || '0', 8));
}

function checked(size: number): number {
  if (!Number.isSafeInteger(size) || size < 0) throw broken('it holds an entry with an impossible size');
  return size;
}

/** The checksum is the sum of all bytes, where its own field counts as spaces. */
function hasChecksum(header: Buffer): boolean {
  const sum = header.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0);
  return sum === Number.parseInt(textAt(header, 148, 8).trim(), 8);
}

/** Records of the form `LENGTH KEY=VALUE\n`. */
function readPax(text: string): { path?: string; size?: number } {
  const path = /(?:^|\n)\d+ path=([^\n]*)/.exec(text)?.[1];
  const size = /(?:^|\n)\d+ size=(\d+)/.exec(text)?.[1];
  return { ...(path !== undefined && { path }), ...(size !== undefined && { size: checked(Number(size)) }) };
}

function broken(why: string, cause?: unknown): UsageError {
  return new UsageError(`the archive cannot be used: ${why}`, { cause });
}
