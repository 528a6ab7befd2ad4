/** Reads the rows of leaves page by page, with the pages that this process has decoded before. */
import { readRange, type ByteFile } from '../../bytes/byte-file.ts';
import { Damage } from '../file/damage.ts';
import type { Chunk, RowGroup } from '../file/footer.ts';
import type { Leaf } from '../file/leaves.ts';
import { decodeDictionary, decodePage, type LeafPage, type Texts } from './decode-page.ts';
import { flatRows, repeatedRows, type LeafRows } from './leaf-rows.ts';
import { createPageCache } from './page-cache.ts';
import { checkPage, checkPageSize, readHeader } from './page-header.ts';
import { createPageList, type LostRows, type Page, type PageList } from './page-list.ts';
import { counted } from '../../../text/counted.ts';

/** Reads the rows of one leaf in one row group. */
export interface LeafReader {
  /** The rows of the page that holds this row. Rejects as reading the file does. */
  rowsAt(file: ByteFile, row: number, signal: AbortSignal): Promise<LeafRows | LostRows>;
}

type Place = Pick<Page, 'offset' | 'bytes'>;

/** One for the process, because all blocks share its memory. */
const cache = createPageCache<LeafPage | Texts>();

/** `key`: names the chunk among all chunks of all files. */
export function createLeafReader(key: string, group: RowGroup, chunk: Chunk, leaf: Leaf): LeafReader {
  const of = { leaf, codec: chunk.codec };

  async function cached<T extends LeafPage | Texts>(
    place: Place,
    file: ByteFile,
    signal: AbortSignal,
    decode: (found: ReturnType<typeof readHeader>['header'], bytes: Uint8Array) => Promise<T>,
  ): Promise<T> {
    const name = `${key} ${place.offset}`;
    const known = cache.get(name);
    // The same place holds the same kind of page each time.
    if (known !== undefined) return known as T;
    checkPageSize(place.bytes);
    const bytes = await readRange(file, { from: place.offset, to: place.offset + place.bytes }, signal);
    const { header, length } = readHeader(bytes);
    checkPage(header, bytes, length);
    const body = bytes.subarray(length, length + header.compressed_page_size);
    const page = await decode(header, body);
    cache.add(name, page, header.uncompressed_page_size);
    return page;
  }

  async function load(
    file: ByteFile,
    place: Place,
    dictionary: PageList['dictionary'],
    signal: AbortSignal,
  ): Promise<LeafPage> {
    const words =
      dictionary === null
        ? null
        : await cached<Texts>(dictionary, file, signal, async (header, bytes) =>
            decodeDictionary(header, bytes, of),
          );
    return cached<LeafPage>(place, file, signal, async (header, bytes) =>
      decodePage(header, bytes, of, words),
    );
  }

  const pages = createPageList(group, chunk, leaf, async (file, place, dictionary, signal) => {
    const { rep } = await load(file, place, dictionary, signal);
    return rep;
  });

  async function rowsOf(file: ByteFile, page: Page, signal: AbortSignal): Promise<LeafRows> {
    const first = await load(file, page, pages.dictionary, signal);
    if (leaf.maxRep === 0) return flatRows(first, page.firstRow, leaf);
    const parts = [first];
    for (let next = await pages.after(file, page, signal); next?.continues;) {
      parts.push(await load(file, next, pages.dictionary, signal));
      if (next.rows > 0) break;
      next = await pages.after(file, next, signal);
    }
    return repeatedRows(parts, page.firstRow, leaf);
  }

  return {
    async rowsAt(file, row, signal) {
      const page = await pages.find(file, row, signal);
      if ('why' in page) return page;
      try {
        const found = await rowsOf(file, page, signal);
        if (found.rows === page.rows) return found;
        throw new Damage(`a page has ${counted(found.rows, 'row')} where ${page.rows} were expected`);
      } catch (error) {
        if (!(error instanceof Damage)) throw error;
        return { firstRow: page.firstRow, rows: page.rows, why: error.message };
      }
    },
  };
}
