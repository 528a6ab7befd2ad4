/**
 * Where the pages of a chunk are, and which rows they hold. The file may list them (offset index). Otherwise the
 * headers of the pages show it, and only as many headers are read as a reader needs.
 */
import { readOffsetIndex } from 'hyparquet/src/indexes.js';
import { readRange, type ByteFile } from '../../bytes/byte-file.ts';
import { Damage, decoding } from '../file/damage.ts';
import type { Chunk, RowGroup } from '../file/footer.ts';
import type { Leaf } from '../file/leaves.ts';
import {
  checkPageSize,
  isData,
  MAX_PAGE_BYTES,
  readHeader,
  valuesOf,
  viewOf,
  type FoundHeader,
} from './page-header.ts';

/** `firstRow` and `rows`: the rows that begin in the page, counted from the first row of the group. */
export interface Page {
  readonly offset: number;
  /** With the header. */
  readonly bytes: number;
  readonly firstRow: number;
  readonly rows: number;
  /** Whether its first values belong to the last row of the page before. */
  readonly continues: boolean;
}

/** Rows up to the end of the group, which cannot be read. */
export interface LostRows {
  readonly firstRow: number;
  readonly rows: number;
  readonly why: string;
}

export interface PageList {
  /** Null: the chunk has no dictionary. Known as soon as a page is. */
  readonly dictionary: Pick<Page, 'offset' | 'bytes'> | null;
  /** The page in which a row begins. Throws as reading the file does. */
  find(file: ByteFile, row: number, signal: AbortSignal): Promise<Page | LostRows>;
  /** The page after a page. Null: it is the last one. Throws Damage, and the errors of reading the file. */
  after(file: ByteFile, page: Page, signal: AbortSignal): Promise<Page | null>;
}

/** Reads at least this much at once, because small pages lie close together. */
const WINDOW = 64 * 1024;
const NOTHING: { readonly from: number; readonly bytes: Uint8Array } = { from: 0, bytes: new Uint8Array(0) };
/** Most headers are smaller. */
const FIRST_HEADER = 1024;
/** A header holds statistics, which may be long texts. */
const MAX_HEADER = 1024 * 1024;
/** The repetition levels of a data page. Null: each of its values is a row. */
export type LevelsOf = (
  file: ByteFile,
  page: Pick<Page, 'offset' | 'bytes'>,
  dictionary: PageList['dictionary'],
  signal: AbortSignal,
) => Promise<Uint8Array | null>;

export function createPageList(
  group: Pick<RowGroup, 'rows'>,
  chunk: Chunk,
  leaf: Pick<Leaf, 'maxRep'>,
  levelsOf: LevelsOf,
): PageList {
  const end = chunk.start + chunk.size;
  const pages: Page[] = [];
  let dictionary: PageList['dictionary'] = null;
  let next = chunk.start;
  /** Rows that begin before `next`. */
  let rows = 0;
  let problem: string | null = null;
  let window = NOTHING;
  let isListed = chunk.index === null;
  let last: Promise<unknown> = Promise.resolve();

  async function bytesAt(file: ByteFile, offset: number, size: number, signal: AbortSignal) {
    const wanted = Math.min(size, end - offset);
    const { from, bytes } = window;
    if (offset < from || offset + wanted > from + bytes.length) {
      const to = Math.min(end, offset + Math.max(wanted, WINDOW));
      window = { from: offset, bytes: await readRange(file, { from: offset, to }, signal) };
    }
    return window.bytes.subarray(offset - window.from);
  }

  async function headerAt(file: ByteFile, offset: number, signal: AbortSignal): Promise<FoundHeader> {
    for (let size = FIRST_HEADER; ; size *= 8) {
      const bytes = await bytesAt(file, offset, size, signal);
      try {
        return readHeader(bytes);
      } catch (error) {
        const mayGrow = size < MAX_HEADER && offset + bytes.length < end;
        if (!(error instanceof Damage) || !mayGrow) throw error;
      }
    }
  }

  /** Reads the next header. False: there are no more pages. */
  async function step(file: ByteFile, signal: AbortSignal): Promise<boolean> {
    if (next >= end) return false;
    const offset = next;
    const { header, length } = await headerAt(file, offset, signal);
    const bytes = length + header.compressed_page_size;
    if (offset + bytes > end) throw new Damage('a page reaches beyond the end of its column');
    checkPageSize(bytes);
    checkPageSize(header.uncompressed_page_size);
    const values = valuesOf(header);
    if (header.type === 'DICTIONARY_PAGE') dictionary ??= { offset, bytes };
    else if (isData(header) && values > 0) {
      const own = header.data_page_header_v2?.num_rows ?? (leaf.maxRep === 0 ? values : null);
      const rep = own === null ? await levelsOf(file, { offset, bytes }, dictionary, signal) : null;
      const begun = own ?? rep?.reduce((sum, level) => sum + (level === 0 ? 1 : 0), 0) ?? values;
      if (!(begun >= 0) || rows + begun > group.rows)
        throw new Damage('its pages have more rows than their group');
      pages.push({ offset, bytes, firstRow: rows, rows: begun, continues: rep !== null && rep[0] !== 0 });
      rows += begun;
    }
    next = offset + bytes;
    return true;
  }

  /** Takes the file's own list, if it is sound. */
  async function readIndex(file: ByteFile, signal: AbortSignal): Promise<void> {
    isListed = true;
    const bytes = await readRange(file, chunk.index!, signal);
    const found = listedPages(bytes, chunk, group.rows);
    if (found === null) return;
    pages.push(...found);
    if (found[0]!.offset > chunk.start) {
      dictionary = { offset: chunk.start, bytes: found[0]!.offset - chunk.start };
    }
    next = end;
    rows = group.rows;
  }

  /** Reads on while `isWanted`. */
  async function walk(file: ByteFile, isWanted: () => boolean, signal: AbortSignal): Promise<void> {
    // One reader at a time, because all of them move the same position.
    const turn = last.then(async () => {
      if (!isListed) await readIndex(file, signal);
      try {
        while (problem === null && (isWanted() || isAtHand()) && (await step(file, signal)));
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        problem = error.message;
      } finally {
        window = NOTHING;
      }
    });
    last = turn.catch(() => {});
    await turn;
  }

  /** Whether the next header is in memory, so that reading it costs nothing. */
  function isAtHand(): boolean {
    return leaf.maxRep === 0 && next + FIRST_HEADER <= window.from + window.bytes.length;
  }

  return {
    get dictionary() {
      return dictionary;
    },
    async find(file, row, signal) {
      if (rows <= row) await walk(file, () => rows <= row, signal);
      if (rows > row) return pageOf(pages, row);
      return {
        firstRow: rows,
        rows: group.rows - rows,
        why: problem ?? 'its pages have fewer rows than their group',
      };
    },
    async after(file, page, signal) {
      const at = pages.indexOf(page) + 1;
      if (at === pages.length) await walk(file, () => at === pages.length, signal);
      if (at === pages.length && problem !== null) throw new Damage(problem);
      return pages[at] ?? null;
    },
  };
}

function pageOf(pages: readonly Page[], row: number): Page {
  let low = 0;
  let high = pages.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const { firstRow, rows } = pages[middle]!;
    if (firstRow + rows > row) high = middle;
    else low = middle + 1;
  }
  return pages[low]!;
}

/** Null if the list does not fit the chunk. */
function listedPages(bytes: Uint8Array, chunk: Chunk, rows: number): Page[] | null {
  const pages: Page[] = [];
  try {
    const found = decoding(() => readOffsetIndex({ view: viewOf(bytes), offset: 0 })).page_locations;
    for (const [at, { offset, compressed_page_size: size, first_row_index: first }] of found.entries()) {
      const firstRow = Number(first);
      const to = at + 1 < found.length ? Number(found[at + 1]!.first_row_index) : rows;
      pages.push({ offset: Number(offset), bytes: size, firstRow, rows: to - firstRow, continues: false });
    }
  } catch (error) {
    if (error instanceof Damage) return null;
    throw error;
  }
  let from = chunk.start;
  let row = 0;
  for (const page of pages) {
    const isSound =
      page.offset >= from &&
      page.bytes > 0 &&
      page.bytes <= MAX_PAGE_BYTES &&
      page.firstRow === row &&
      page.rows > 0;
    if (!isSound) return null;
    from = page.offset + page.bytes;
    row += page.rows;
  }
  return pages.length > 0 && from <= chunk.start + chunk.size ? pages : null;
}
