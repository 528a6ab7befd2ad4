/** Parquet files that this process reads: their footers, and where their pages are. Neither is read twice. */
import { ForebayError } from '../../../errors.ts';
import type { ByteFile } from '../../bytes/byte-file.ts';
import { createLeafReader, type LeafReader } from '../pages/page-reader.ts';
import { readFooter, type Footer } from './footer.ts';
import type { Leaf } from './leaves.ts';

export interface ParquetFile {
  readonly footer: Footer;
  /** Throws ForebayError `input_unreadable` if the leaf cannot be read in this row group. */
  leafReader(group: number, leaf: Leaf): LeafReader;
}

/** Jobs over more files at once read footers again. */
const MAX_FILES = 8;
/** Each one knows the pages of one leaf in one row group. */
const MAX_READERS = 1_000;

const files = new Map<string, ParquetFile>();

/** Throws as readFooter does. */
export async function openParquet(file: ByteFile, signal: AbortSignal): Promise<ParquetFile> {
  const key = `${file.name}\n${file.size} ${file.version}`;
  const known = files.get(key);
  files.delete(key);
  const opened = known ?? createParquetFile(key, file.name, await readFooter(file, signal));
  files.set(key, opened);
  dropFirst(files, MAX_FILES);
  return opened;
}

function createParquetFile(key: string, name: string, footer: Footer): ParquetFile {
  const readers = new Map<string, LeafReader>();
  return {
    footer,
    leafReader(group, leaf) {
      const place = `${group} ${leaf.at}`;
      const known = readers.get(place);
      if (known !== undefined) return known;
      const found = footer.groups[group]!;
      const chunk = found.chunks[leaf.at]!;
      if (typeof chunk === 'string') {
        throw new ForebayError('input_unreadable', `${name}: the column "${leaf.path.join('.')}" ${chunk}.`);
      }
      const reader = createLeafReader(`${key} ${place}`, found, chunk, leaf);
      readers.set(place, reader);
      dropFirst(readers, MAX_READERS);
      return reader;
    },
  };
}

function dropFirst(map: Map<string, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
