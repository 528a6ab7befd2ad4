/**
 * Packs the rows of a request into their form on disk. A list of a million rows is then a few pieces of bytes in memory,
 * not a million objects.
 */
export interface Packer<Row, Packed> {
  add(row: Row): void;
  /** After the last `add`. */
  end(): Packed;
}
