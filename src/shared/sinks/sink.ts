/** How the rows of a block become the bytes of a part, and how a part is read again. One sink per format. */
import type { ByteFile } from '../datasets/bytes/byte-file.ts';
import type { NamedRows } from '../domain/block.ts';
import type { PartFormat } from '../domain/job/part-format.ts';
import type { Outcomes } from '../domain/outcomes.ts';

export interface EncodedPart {
  /** The content of the part: the rows that succeeded. */
  readonly results: Uint8Array;
  /** `{"index","id","error":{"code","message"}}` per row that failed. The errors of every format are JSONL. */
  readonly errors: string;
  readonly failed: number;
  /** Call when the results have been written. Their memory is then used for another part. */
  release(): void;
}

/** A row that succeeded, as read from a part. */
export interface StoredRow {
  readonly index: number;
  readonly id: string;
  /** The row as a JSON line, with its line break. */
  readonly text: string;
}

/** A file of any size that is made of parts. Add whole parts, or single rows, in order. */
export interface RowFile {
  /** Adds all rows of a part, and returns their number. Rejects with MalformedPart. */
  addPart(part: Buffer): Promise<number>;
  addRow(row: StoredRow): void;
  /** Takes what can be written now: a piece of the file, with whole rows. Null: not enough yet. */
  take(): Uint8Array | null;
  /** Takes the rest as the last piece. */
  end(): Uint8Array;
  /** The number of rows in all pieces that were taken. */
  rowsTaken(): number;
}

/** A piece of a file, as it was taken. */
export interface FilePiece {
  readonly bytes: Buffer;
  /** Its offset in the file. */
  readonly at: number;
  /** Its first row, counted from the beginning of the file. */
  readonly firstRow: number;
  readonly rows: number;
}

/** A column that a file lacks, because the name of its folder gives the value for all rows. */
export interface GivenColumn {
  readonly column: string;
  /** JSON text. Null: null. */
  readonly value: string | null;
}

export interface Sink {
  readonly format: PartFormat;
  /**
   * The same rows always give the same bytes. Long work leaves turns to the event loop. `outcomes`: those of all rows,
   * in order. Throws InvariantError if there are more or fewer.
   */
  encode(rows: NamedRows, outcomes: readonly Outcomes[]): EncodedPart | Promise<EncodedPart>;
  /** The id that `decode` returns for a row with this id. Not every format can store every text. */
  storedId(id: string): string;
  /** The number of rows of a part, without reading all of them. May throw MalformedPart. */
  count(part: Buffer): number;
  /** The rows of a part, in order. Rejects with MalformedPart. */
  decode(part: Buffer): Promise<StoredRow[]>;
  /** The rows of a part as JSON lines. Rejects with MalformedPart. */
  lines(part: Buffer): string | Promise<string>;
  /** Begins a file of many parts. `without`: a column that the file lacks. JSON lines always have all their fields. */
  openFile(without: string | null): RowFile;
  /** Reads the rows of such a file in constant memory. Rejects with MalformedPart. */
  readFile(file: ByteFile, given: GivenColumn | null): AsyncIterable<StoredRow[]>;
  /** The rows of one piece of such a file. Rejects with MalformedPart. */
  readPiece(piece: FilePiece, file: ByteFile, given: GivenColumn | null): Promise<StoredRow[]>;
}

/** Bytes that no sink of this format has written. */
export class MalformedPart extends Error {
  override readonly name = 'MalformedPart';
}
