/** A slice of a CSV file: a range of bytes that holds whole records. Any process can open it and gets the same rows. */
import { isUtf8 } from 'node:buffer';
import { PackedRecords } from '../../domain/packed-records.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { decodeRange } from '../lines/line-range.ts';
import { placeOf } from '../lines/place-of-line.ts';
import { IS_TOO_LONG } from '../max-record-bytes.ts';
import type { FileRows, RowRecord } from '../slice-rows.ts';
import type { CellPlan } from './cell-plan.ts';
import { csvRecords } from './csv-records.ts';
import type { FoundRecords } from './found-records.ts';
import { numberColumns } from './number-columns.ts';
import { RowWriter } from './row-writer.ts';

/** Yields the rows in chunks. Throws as `csvRecords` does. */
export async function* openCsvSlice(
  file: ByteFile,
  slice: { readonly ref: string },
  plan: CellPlan,
  joinPlan: CellPlan | null,
  signal: AbortSignal,
): AsyncGenerator<FileRows> {
  for await (const records of csvRecords(file, decodeRange(slice.ref), plan.delimiter, signal)) {
    const joined = joinPlan && joinedRows(records, joinPlan);
    yield numberRows(records, plan, joined) ?? { ...toRows(records, plan), ...joined };
  }
}

/** Columns of numbers cross to a lane as they are. Records are made only if somebody asks for one. */
function numberRows(
  found: FoundRecords,
  plan: CellPlan,
  joined: Pick<FileRows, 'joined'> | null,
): FileRows | null {
  const numbers = numberColumns(found, plan);
  if (numbers === null) return null;
  const records = found.kept();
  let made: FileRows | null = null;
  const asRecords = () => (made ??= toRows(records, plan));
  return {
    count: found.count,
    ids: numbers.ids,
    columns: numbers.columns,
    get packed() {
      return asRecords().packed;
    },
    bytes: records.view.length + numbers.bytes,
    record: (at) => asRecords().record(at),
    place: (at) => placeOf(records.number(at)),
    ...joined,
  };
}

/** Reads one record. */
export function csvRecord(records: FoundRecords, at: number, plan: CellPlan): RowRecord {
  const writer = writerFor(records, plan, at, at + 1);
  const problem = writeRow(writer, records, at);
  return problem === null ? goodRow(writer.id, writer.written().toString()) : badRow(problem);
}

/** All rows go to a lane as records, without a check. In place of a bad row, the lane gets a record that it refuses. */
function toRows(records: FoundRecords, plan: CellPlan): FileRows {
  const { count } = records;
  const writer = writerFor(records, plan, 0, count);
  const ends = new Uint32Array(count);
  /** The records themselves are gone when somebody asks for their lines. */
  const lines = new Uint32Array(count);
  const problems = new Map<number, string>();
  const ids: (string | null)[] | null = plan.idColumn === -1 ? null : [];
  for (let at = 0; at < count; at++) {
    const problem = writeRow(writer, records, at);
    if (problem !== null) {
      problems.set(at, problem);
      writer.skip();
    }
    ends[at] = writer.length;
    lines[at] = records.number(at);
    ids?.push(problem === null ? writer.id : null);
  }
  const packed = new PackedRecords(writer.written(), ends);
  return {
    count,
    ids,
    packed,
    bytes: packed.size,
    record(at) {
      const problem = problems.get(at);
      return problem === undefined ? goodRow(ids?.[at] ?? null, packed.json(at)) : badRow(problem);
    },
    place: (at) => placeOf(lines[at]!),
  };
}

/** The records are gone when somebody asks for the values, so they are made here. */
function joinedRows(records: FoundRecords, plan: CellPlan): Pick<FileRows, 'joined'> {
  const { count } = records;
  const writer = writerFor(records, plan, 0, count);
  const ends = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    writeRow(writer, records, at);
    ends[at] = writer.length;
  }
  const joined = new PackedRecords(writer.written(), ends);
  return { joined: () => joined };
}

function writerFor(records: FoundRecords, plan: CellPlan, first: number, end: number): RowWriter {
  const bytes = records.bytes(first, end);
  const size = bytes.length + (end - first) * plan.frameBytes;
  return new RowWriter(plan, { size, isSuspect: !isUtf8(bytes) });
}

/** Adds the record to those of the writer. Adds nothing if it is wrong, and returns why. */
function writeRow(writer: RowWriter, records: FoundRecords, at: number): string | null {
  const place = () => placeOf(records.number(at));
  if (records.isTooLong(at)) return `${place()} ${IS_TOO_LONG}`;
  const problem = writer.write(records.view, records.from(at), records.to(at));
  return problem === null ? null : place() + problem;
}

function goodRow(id: string | null, json: string): RowRecord {
  return {
    ok: true,
    id,
    json,
    get fields() {
      return JSON.parse(json) as Readonly<Record<string, unknown>>;
    },
  };
}

function badRow(why: string): RowRecord {
  return { ok: false, id: null, why };
}
