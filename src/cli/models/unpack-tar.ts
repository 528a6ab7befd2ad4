/**
 * Unpacks a .tar or .tar.gz archive: files and folders only, all below the target. Reads the formats ustar, GNU (long names)
 * and pax (long names and sizes), which every common tar writes.
 */
import { createReadStream } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { createGunzip } from 'node:zlib';
import { readPax, type TarExtras } from '../../shared/datasets/archive/tar/pax-header.ts';
import {
  hasTarChecksum,
  LONGEST_EXTRA,
  TAR_BLOCK,
  tarName,
  tarPadding,
  tarSize,
  tarText,
} from '../../shared/datasets/archive/tar/tar-header.ts';
import { UsageError } from '../exit-codes.ts';
import { createByteReader, type ByteReader } from './byte-reader.ts';

/** Throws UsageError for anything that is not such an archive, or leads out of the target. */
export async function unpackTar(archive: string, target: string): Promise<void> {
  const start = await startOf(archive);
  const other = OTHERS.find(({ magic }) => start.startsWith(magic));
  if (other !== undefined) throw broken(`it is ${other.name}; pack the model as .tar or .tar.gz`);
  const raw = createReadStream(archive);
  const stream = start.startsWith(GZIP) ? raw.pipe(createGunzip()) : raw;
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

/** The first bytes in hex. */
const GZIP = '1f8b';
const OTHERS = [
  { magic: '504b0304', name: 'a ZIP archive' },
  { magic: 'fd377a585a00', name: 'compressed with xz' },
  { magic: '28b52ffd', name: 'compressed with zstd' },
  { magic: '425a68', name: 'compressed with bzip2' },
] as const;

async function startOf(path: string): Promise<string> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    return buffer.toString('hex', 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function unpackAll(reader: ByteReader, target: string): Promise<void> {
  let extra: TarExtras = {};
  for (;;) {
    const header = await reader.take(TAR_BLOCK);
    // Two empty blocks end an archive. Some writers leave them out.
    if (header === null || header.every((byte) => byte === 0)) return;
    if (header.length < TAR_BLOCK || !hasTarChecksum(header)) throw broken(DAMAGED);
    const type = String.fromCharCode(header[156]!);
    const size = extra.size ?? tarSize(header);
    if (size === null) throw broken('it holds an entry with an impossible size');
    if (type === 'x' || type === 'L') {
      const bytes = await takeAll(reader, size);
      const found = type === 'L' ? { path: tarText(bytes) } : readPax(bytes);
      if (found === null) throw broken(DAMAGED);
      if ('isSparse' in found) throw broken(SPARSE);
      extra = { ...extra, ...found };
      continue;
    }
    const path = placeOf(extra.path ?? tarName(header), target);
    extra = {};
    if (type === '5') await mkdir(path, { recursive: true });
    else if (type === '0' || type === '\0') await writeEntry(reader, path, size);
    else if (type === 'g') await takeAll(reader, size);
    else throw broken(whyNotUnpacked(type, path.slice(target.length + 1)));
  }
}

const DAMAGED = 'it is damaged or not a tar archive';
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
  await reader.take(tarPadding(size));
}

async function takeAll(reader: ByteReader, size: number): Promise<Buffer> {
  if (size > LONGEST_EXTRA) throw broken('it has a header of more than 1 MB');
  const bytes = await reader.take(size);
  if (bytes === null || bytes.length < size) throw broken('it is cut off');
  await reader.take(tarPadding(size));
  return bytes;
}

function placeOf(name: string, target: string): string {
  const below = normalize(name);
  if (name.startsWith('/') || /^\.\.(\/|$)/.test(below) || name.includes('\0') || name.includes('\\'))
    throw broken(`it holds "${name}", which is not a path below the archive's folder`);
  return join(target, below);
}

function broken(why: string, cause?: unknown): UsageError {
  return new UsageError(`the archive cannot be used: ${why}`, { cause });
}
