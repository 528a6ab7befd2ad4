/** A slice of a JSONL file: a range of bytes that holds whole lines. Any process can open it and gets the same rows. */
import { isUtf8 } from 'node:buffer';
import type { Columns } from '../../domain/columns.ts';
import type { Join } from '../../domain/join.ts';
import { PackedRecords } from '../../domain/packed-records.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { joinedOfJson } from '../join/raw-join.ts';
import type { LineCopy, Lines } from '../lines/lines.ts';
import { decodeRange } from '../lines/line-range.ts';
import { rawLines } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES } from '../max-record-bytes.ts';
import { listedRows, type FileRows, type RowRecord } from '../slice-rows.ts';
import { parseFileRecord } from './parse-file-record.ts';
import { placeOf } from '../lines/place-of-line.ts';
import { parseRecord } from './parse-record.ts';

interface JsonlOptions {
  readonly columns?: Columns | null | undefined;
  readonly join?: Join | undefined;
  /**
   * The field that the model's task reads, if it can hold a file in base64. It is an EncodedFile then, or a string, and
   * the `json` of a record with an EncodedFile is empty.
   */
  readonly fileField?: string | null | undefined;
}

/** Yields the rows in chunks. Throws as `rawLines` does. */
export async function* openJsonlSlice(
  file: ByteFile,
  slice: { readonly ref: string },
  { columns = null, join, fileField = null }: JsonlOptions,
  signal: AbortSignal,
): AsyncGenerator<FileRows> {
  for await (const lines of rawLines(file, decodeRange(slice.ref), MAX_RECORD_BYTES, signal)) {
    const copy = columns === null ? lines.copy() : null;
    const apart = copy === null || !isUtf8(copy.bytes);
    const rows = apart
      ? oneByOne(lines, { columns, join, fileField })
      : withJoinedLines(together(lines, copy, fileField), new PackedRecords(copy.bytes, copy.ends), join);
    if (rows.count > 0) yield { ...rows, recycle: lines.recycle };
  }
}

/**
 * Records that may have ids are read here. Otherwise only the lane reads them, because reading them twice costs half as
 * much as answering a row of a table.
 */
function together(lines: Lines, { bytes, ends, at: lineOf }: LineCopy, fileField: string | null): FileRows {
  const packed = new PackedRecords(bytes, ends);
  // The lines themselves are gone when somebody asks for a record.
  const numbers = lineOf.map((line) => lines.number(line));
  const read = (at: number) => {
    const where = placeOf(numbers[at]!);
    const line = bytes.subarray(packed.startOf(at), ends[at]);
    const withFile = parseFileRecord(line, where, fileField, null);
    return withFile ?? parseRecord({ ok: true, text: lineText(packed.json(at)) }, where);
  };
  const size = packed.size;
  const place = (at: number) => placeOf(numbers[at]!);
  if (!mayHaveIds(bytes))
    return { count: packed.length, ids: null, packed, bytes: size, record: read, place };
  const records = Array.from(ends, (_, at) => read(at));
  return {
    ...listedRows(records),
    packed: records.every(({ ok }) => ok) ? packed : null,
    bytes: size,
    place,
  };
}

/** Some lines are too long, or are not text, or their fields have other names. */
function oneByOne(
  lines: Lines,
  { columns, join, fileField }: { columns: Columns | null; join: Join | undefined; fileField: string | null },
): FileRows {
  const records: RowRecord[] = [];
  const places: string[] = [];
  const joined: string[] = [];
  let size = 0;
  for (let at = 0; at < lines.count; at++) {
    if (lines.isBlank(at)) continue;
    const where = placeOf(lines.number(at));
    places.push(where);
    const bytes = lines.bytes(at);
    size += bytes?.length ?? 0;
    const withFile = bytes === null ? null : parseFileRecord(bytes, where, fileField, columns);
    records.push(withFile ?? parseRecord(lines.text(at), where, columns));
    if (join === undefined) continue;
    const text = lines.text(at);
    joined.push(text.ok ? joinedOfJson(text.text, join) : '');
  }
  const rows = { ...listedRows(records), bytes: size, place: (at: number) => places[at]! };
  return join === undefined ? rows : { ...rows, joined: () => PackedRecords.of(joined) };
}

/** `lines`: the records as they are in the file. */
function withJoinedLines(rows: FileRows, lines: PackedRecords, join: Join | undefined): FileRows {
  if (join === undefined) return rows;
  const joined = () =>
    PackedRecords.of(Array.from(lines.ends, (_, at) => joinedOfJson(lines.json(at), join)));
  return { ...rows, joined };
}

const QUOTE = 0x22;

/** JSON can spell the field name "id" only literally, or with \u escapes. */
function mayHaveIds(bytes: Buffer): boolean {
  // Searching for the first quote would stop at every field.
  for (let at = bytes.indexOf('id"'); at !== -1; at = bytes.indexOf('id"', at + 1))
    if (bytes[at - 1] === QUOTE) return true;
  return bytes.includes('\\u');
}

function lineText(line: string): string {
  return line.endsWith('\n') ? line.slice(0, -1) : line;
}
