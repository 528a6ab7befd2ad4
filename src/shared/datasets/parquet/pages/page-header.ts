/** The header of a page. */
import { crc32 } from 'node:zlib';
import type { PageHeader } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { Damage, decoding } from '../file/damage.ts';

/** A header that was read, and what follows it. */
export interface FoundHeader {
  readonly header: PageHeader;
  /** Bytes of the header itself. */
  readonly length: number;
}

/** Throws Damage if the bytes do not begin with a header. */
export function readHeader(bytes: Uint8Array): FoundHeader {
  const reader = { view: viewOf(bytes), offset: 0 };
  const header = decoding(() => parquetHeader(reader));
  for (const number of numbersOf(header)) {
    if (!Number.isInteger(number) || number < 0)
      throw new Damage(`the header of a page has the impossible number ${number}`);
  }
  return { header, length: reader.offset };
}

/** Those that must be whole numbers. A damaged header may have values of other types. */
function numbersOf({
  compressed_page_size,
  uncompressed_page_size,
  data_page_header: v1,
  data_page_header_v2: v2,
  dictionary_page_header: dictionary,
}: PageHeader): number[] {
  return [
    compressed_page_size,
    uncompressed_page_size,
    ...(v1 === undefined ? [] : [v1.num_values]),
    ...(v2 === undefined
      ? []
      : [v2.num_values, v2.num_rows, v2.definition_levels_byte_length, v2.repetition_levels_byte_length]),
    ...(dictionary === undefined ? [] : [dictionary.num_values]),
  ];
}

/** Values of a data page with their nulls. 0: it is another kind of page. */
export function valuesOf({ data_page_header: v1, data_page_header_v2: v2 }: PageHeader): number {
  return v1?.num_values ?? v2?.num_values ?? 0;
}

export function isData({ type }: PageHeader): boolean {
  return type === 'DATA_PAGE' || type === 'DATA_PAGE_V2';
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A larger page would take too much memory. */
export const MAX_PAGE_BYTES = 256 * 1024 * 1024;

/** Throws Damage. */
export function checkPageSize(bytes: number): void {
  if (bytes <= MAX_PAGE_BYTES) return;
  throw new Damage(
    `a page of more than ${MAX_PAGE_BYTES / 2 ** 20} MB. Write the file with a smaller row_group_size`,
  );
}

/** Throws Damage if the bytes are not those that the header promises. `length`: bytes of the header. */
export function checkPage(header: PageHeader, bytes: Uint8Array, length: number): void {
  checkPageSize(header.uncompressed_page_size);
  const end = length + header.compressed_page_size;
  if (end > bytes.length) throw new Damage('a page ends early');
  const { crc } = header;
  if (crc !== undefined && crc32(bytes.subarray(length, end)) !== crc >>> 0) {
    throw new Damage('a page has a wrong checksum');
  }
}
