/**
 * The record of the rows in the files of a task, `_file-rows-*.jsonl` (docs/adr/0036). It keeps what delta jobs need
 * when the parts and their row records are gone: the version of each row, and the pieces of the files. A piece can be
 * read and checked without the rest of its file.
 *
 * The first line is the head. Sections follow. The first line of a section describes a piece, and the rows of the piece
 * follow as lines of a row record. Failed rows are among them, or in sections without a piece.
 */
import { z } from 'zod';
import type { RowVersions } from '../../domain/row-versions.ts';
import { fileNumber } from '../file-names.ts';

const COUNT = z.int().min(0);

const HEAD = z.object({
  v: z.literal(1),
  /** The job whose parts have become the files. */
  job: z.string(),
  by: z.literal('content').optional(),
  /** Whether the rows come in the order of their indexes. Otherwise a column partitions them. */
  ordered: z.boolean(),
});
export type FileRowsHead = z.infer<typeof HEAD>;

const PIECE = z.object({
  /** The path of the file in the output. It is checked, because others may write to the storage. */
  name: z.string().refine((name) => fileNumber(name) !== null),
  /** The offset and the number of its bytes, and their SHA-256. */
  at: COUNT,
  bytes: COUNT,
  sha256: z.string(),
  /** Its first row, counted from the beginning of the file, and the number of its rows. */
  first: COUNT,
  rows: COUNT,
  /** The column that the file lacks. */
  given: z.object({ column: z.string(), value: z.string().nullable() }).nullable(),
});
export type Piece = Readonly<z.infer<typeof PIECE>>;

/**
 * `rows`: the number of lines that follow, including those of failed rows. `bytes`: the size of these lines. `range`:
 * their first and their last index.
 */
const SECTION = z.object({
  piece: PIECE.nullable(),
  rows: COUNT,
  bytes: COUNT,
  range: z.tuple([COUNT, COUNT]),
});
export type Section = Readonly<z.infer<typeof SECTION>>;

export function headLine(job: string, by: RowVersions, ordered: boolean): string {
  const head: FileRowsHead = { v: 1, job, ...(by === 'content' && { by }), ordered };
  return `${JSON.stringify(head)}\n`;
}

/** A line of a section, see rowLine. */
export interface SectionLine {
  readonly index: number;
  readonly text: string;
}

/** `lines`: at least one, in order. */
export function sectionText(piece: Piece | null, lines: readonly SectionLine[]): string {
  const text = lines.map((line) => line.text).join('');
  const range: Section['range'] = [lines[0]!.index, lines.at(-1)!.index];
  const section: Section = { piece, rows: lines.length, bytes: Buffer.byteLength(text), range };
  return `${JSON.stringify(section)}\n${text}`;
}

/** Null: Forebay has not written the line. */
export function parseHead(line: string): FileRowsHead | null {
  return parsed(HEAD, line);
}

export function parseSection(line: string): Section | null {
  return parsed(SECTION, line);
}

function parsed<T>(schema: z.ZodType<T>, line: string): T | null {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

/** Where a section is in the record of a task, and the beginning of the SHA-256 of its piece. */
export interface SectionPlace {
  readonly at: number;
  readonly bytes: number;
  readonly hash: string;
}

const HASH_DIGITS = 16;

/** The text that takes the place of a part's hash in the earlier rows of a block. No hash begins with `@`. */
export function encodePlace({ at, bytes }: Omit<SectionPlace, 'hash'>, piece: Piece): string {
  return `@${at}+${bytes}:${piece.sha256.slice(0, HASH_DIGITS)}`;
}

/** Null: this is the hash of a part. */
export function decodePlace(text: string): SectionPlace | null {
  const [, at, bytes, hash] = /^@(\d+)\+(\d+):([0-9a-f]{16})$/.exec(text) ?? [];
  return hash === undefined ? null : { at: Number(at), bytes: Number(bytes), hash };
}
