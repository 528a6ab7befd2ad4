/** Finds the index of an archive, by the content of the file, and walks it. */
import { ForebayError } from '../../errors.ts';
import { readRange, type ByteFile } from '../bytes/byte-file.ts';
import { foreignCompression } from '../bytes/compression.ts';
import { createByteWindow, type ByteWindow } from './byte-window.ts';
import type { Entry, IndexRange } from './entry.ts';
import { tarEntries } from './tar/tar-entries.ts';
import { readTarHeader, TAR_BLOCK } from './tar/tar-header.ts';
import { findZipDirectory } from './zip/zip-directory.ts';
import { zipEntries } from './zip/zip-entries.ts';

export interface ArchiveIndex extends IndexRange {
  readonly format: 'tar' | 'zip';
  /** For a zip: see ZipDirectory. */
  readonly shift: number;
}

/** Bytes that are read at a time, if their content is wanted. */
export const READ_TOGETHER = 4 * 1024 * 1024;

/**
 * Throws ForebayError `input_unreadable` for a file that is neither a tar nor a zip, and the errors of reading the
 * file.
 */
export async function findIndex(file: ByteFile, signal: AbortSignal): Promise<ArchiveIndex> {
  const head = await readRange(file, { from: 0, to: Math.min(TAR_BLOCK, file.size) }, signal);
  const magic = head.toString('latin1', 0, 4);
  if (!ZIP_MAGICS.has(magic) && readTarHeader(head) !== 'damaged') {
    return { format: 'tar', from: 0, to: file.size, shift: 0 };
  }
  // A zip's index is at its end. The reader of the whole file checks it.
  if (ZIP_MAGICS.has(magic) && file.isHead === true) return { format: 'zip', from: 0, to: 0, shift: 0 };
  const compression = foreignCompression(head);
  if (compression !== null) throw refused(file, `it is compressed with ${compression}${PACK}`);
  const other = OTHERS.find(([start]) => head.toString('latin1', 0, start.length) === start)?.[1];
  if (other !== undefined) throw refused(file, `it is ${other}${PACK}`);
  const directory = await findZipDirectory(file, signal);
  if (typeof directory !== 'string') return { format: 'zip', ...directory };
  if (ZIP_MAGICS.has(magic)) throw refused(file, directory);
  throw refused(file, file.size === 0 ? 'it is empty' : 'it is neither a tar nor a zip, or it is damaged');
}

const ZIP_MAGICS: ReadonlySet<string> = new Set(['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08']);

const PACK = '. Pack its files as tar or zip';

const OTHERS: readonly (readonly [start: string, name: string])[] = [
  ['Rar!', 'a RAR archive'],
  ['7z\xbc\xaf', 'a 7-Zip archive'],
];

function refused({ name }: ByteFile, why: string): ForebayError {
  return new ForebayError('input_unreadable', `${name} cannot be read as an archive: ${why}.`);
}

/** Yields the entries of a part of the index in batches. Their contents are not read. */
export function indexEntries(
  file: ByteFile,
  index: ArchiveIndex,
  signal: AbortSignal,
): AsyncIterable<Entry[]> {
  const window = createByteWindow(file, signal);
  if (index.format === 'zip') return zipEntries(window, index, index.shift);
  const { small, together } = file.name.includes('://') ? REMOTE : LOCAL;
  return tarEntries(window, index, (_, lastSize) => (lastSize < small ? together : ONE_HEADER));
}

/** A header with a pax header before it. */
const ONE_HEADER = 4 * TAR_BLOCK;
/** Up to which size contents are read to get to the next header, and how many bytes at a time. A request costs more. */
const LOCAL = { small: 16 * 1024, together: 256 * 1024 };
const REMOTE = { small: 512 * 1024, together: 2 * 1024 * 1024 };

/** Yields the same entries, and reads contents ahead. `contents`: for the contents. */
export function entriesWithContents(
  file: ByteFile,
  index: ArchiveIndex,
  contents: ByteWindow,
  signal: AbortSignal,
): AsyncIterable<Entry[]> {
  if (index.format === 'zip') return zipEntries(createByteWindow(file, signal), index, index.shift);
  return tarEntries(contents, index, (from) => Math.min(READ_TOGETHER, index.to - from));
}
