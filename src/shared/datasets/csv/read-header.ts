/** Reads the header of a CSV file: the names of its columns, and where its rows begin. */
import { isUtf8 } from 'node:buffer';
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { textStart } from '../lines/raw-lines.ts';
import { CellReader } from './cell-reader.ts';
import { delimiterOf, headerEnd } from './delimiters.ts';

const CR = 0x0d;
const LF = 0x0a;
const FIRST_READ = 64 * 1024;
/** The names are part of the job, so they must not take much memory. */
const MAX_HEADER_BYTES = 1024 * 1024;

export interface CsvHeader {
  /** In order. An empty name is allowed, because pandas writes one for its index. */
  readonly names: string[];
  readonly delimiter: string;
  /** Where the rows begin. */
  readonly start: { readonly from: number; readonly line: number };
}

/**
 * `delimiter`: null if the header decides. Throws ForebayError `input_unreadable`, which says what is wrong and
 * where.
 */
export async function readHeader(
  file: ByteFile,
  delimiter: string | null,
  signal: AbortSignal,
): Promise<CsvHeader> {
  const { bytes, from, to, line } = await readHead(file, signal);
  const refuse = (why: string) =>
    new ForebayError('input_unreadable', `The header of ${file.name} cannot be read: line ${line}${why}.`);
  const firstBreak = bytes.indexOf(LF, from);
  if (to === null && firstBreak === -1 && bytes.length >= MAX_HEADER_BYTES) {
    throw refuse(` has no line break within ${MAX_HEADER_BYTES} bytes`);
  }
  // A quote that is never closed is reported for the line where it is.
  const end = to ?? (firstBreak === -1 ? bytes.length : firstBreak);
  const header = bytes.subarray(from, end > from && bytes[end - 1] === CR ? end - 1 : end);
  if (header.includes(0)) throw refuse(' holds NUL bytes, so this is not a text file');
  if (FOR_EXCEL.test(header.toString('latin1')))
    throw refuse(
      ' only tells Excel the delimiter. Remove this line, so that the file begins with its header',
    );
  const chosen = delimiter ?? delimiterOf(header);
  const names = namesIn(header, chosen, refuse);
  const start = { from: Math.min(end + 1, bytes.length), line: line + heightOf(bytes, from, end) };
  return { names, delimiter: chosen, start };
}

/** A first line that only Excel understands. */
const FOR_EXCEL = /^"?sep=.?"?$/i;

/** Throws ForebayError `dataset_changed` if the header is not the one that the job was submitted with. */
export async function checkHeader(
  file: ByteFile,
  { names, delimiter, start }: CsvHeader,
  signal: AbortSignal,
): Promise<void> {
  const found = await readHeader(file, delimiter, signal);
  const isSame = found.start.from === start.from && found.names.every((name, at) => name === names[at]);
  if (isSame && found.names.length === names.length) return;
  throw new ForebayError(
    'dataset_changed',
    `The header of ${file.name} has changed since the job was submitted. Submit it as a new job.`,
  );
}

interface Head {
  readonly bytes: Buffer;
  /** Where the header begins. */
  readonly from: number;
  /** Where its line break is. Null: it has none outside quotes. */
  readonly to: number | null;
  /** Its line number. */
  readonly line: number;
}

async function readHead(file: ByteFile, signal: AbortSignal): Promise<Head> {
  for (let size = FIRST_READ; ; size *= 4) {
    const wanted = Buffer.alloc(Math.min(size, file.size));
    const bytes = wanted.subarray(0, await file.read(wanted, 0, signal));
    const { from, line } = firstLine(bytes, textStart(bytes, file.name));
    const isAll = bytes.length < size;
    if (isAll && from === bytes.length) {
      throw new ForebayError(
        'input_unreadable',
        `${file.name} is empty. A CSV file begins with a line that names its columns.`,
      );
    }
    const to = headerEnd(bytes, from, isAll);
    if (to !== null || isAll || size >= MAX_HEADER_BYTES) return { bytes, from, to, line };
  }
}

/** Skips blank lines. */
function firstLine(bytes: Buffer, start: number): { readonly from: number; readonly line: number } {
  let from = start;
  let line = 1;
  for (let at = start; at < bytes.length && bytes[at]! <= 0x20; at++) {
    if (bytes[at] !== LF) continue;
    from = at + 1;
    line += 1;
  }
  return { from, line };
}

function heightOf(bytes: Buffer, from: number, to: number): number {
  let height = 1;
  for (let at = bytes.indexOf(LF, from); at !== -1 && at < to; at = bytes.indexOf(LF, at + 1)) height += 1;
  return height;
}

function namesIn(bytes: Buffer, delimiter: string, refuse: (why: string) => ForebayError): string[] {
  const cell = new CellReader(delimiter.charCodeAt(0));
  const names: string[] = [];
  const seen = new Map<string, number>();
  for (let at = 0; ; at = cell.next + 1) {
    const column = names.length + 1;
    const problem = cell.read(bytes, at, bytes.length);
    if (problem !== null) throw refuse(`, column ${column} ${problem}`);
    if (!isUtf8(bytes.subarray(cell.start, cell.end))) {
      throw refuse(`, column ${column} is not valid UTF-8. Save the file as UTF-8`);
    }
    const written = cell.text(bytes);
    if (!cell.isQuoted && written.includes('\r')) {
      throw refuse(' has line breaks that are CR alone. Write LF or CRLF instead');
    }
    const name = written.trim();
    const other = seen.get(name);
    if (other !== undefined && name !== '') {
      throw refuse(
        ` names the columns ${other} and ${column} both ${JSON.stringify(name)}. Rename one of them`,
      );
    }
    seen.set(name, column);
    names.push(name);
    if (cell.next === bytes.length) break;
  }
  if (seen.size === 1 && seen.has('')) throw refuse(' names no column');
  return names;
}
