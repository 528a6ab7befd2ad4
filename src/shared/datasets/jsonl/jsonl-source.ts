/**
 * A JSONL file: one record per line. Blocks are slices of the file, which are cut by counting line breaks. Rows can
 * also be listed one by one, for a retry or a sample.
 */
import type { Cursor, DatasetSpec } from '../../domain/dataset-spec.ts';
import { InvariantError } from '../../errors.ts';
import { invalidAt } from '../row-reference.ts';
import type { DatasetSource, Slice } from '../source.ts';
import { checkVersion, encodeRange, fileVersion } from './jsonl-slice.ts';
import { countLines } from '../lines/count-lines.ts';
import { rawLines, WHOLE_FILE, type LineRange } from '../lines/raw-lines.ts';
import { MAX_RECORD_BYTES, parseRecord, placeOf } from './parse-record.ts';

type JsonlSpec = Extract<DatasetSpec, { type: 'jsonl' }>;

export function createJsonlSource({ path }: JsonlSpec): DatasetSource {
  return {
    async *read(from, signal) {
      let index = from?.index ?? 0;
      for await (const lines of rawLines(path, positionOf(from).range, MAX_RECORD_BYTES, signal)) {
        for (let i = 0; i < lines.count; i++) {
          if (lines.isBlank(i)) continue;
          signal.throwIfAborted();
          const line = lines.number(i);
          const end = lines.end(i);
          const record = parseRecord(lines.text(i), placeOf(line));
          const id = record.id ?? String(index);
          const at = record.ok ? encodeRange({ from: lines.start(i), to: end, line }) : invalidAt(record.why);
          yield { row: { id, at }, cursor: { index: ++index, at: `${end}@${line + 1}` } };
        }
      }
    },

    count: async (limit, signal) => countLines(path, limit, MAX_RECORD_BYTES, signal),

    async *slices(from, sizeAt, signal): AsyncGenerator<Slice> {
      const { range, version } = positionOf(from);
      const check = version ?? (await fileVersion(path));
      if (version !== null) await checkVersion(path, version);
      let firstRow = from?.index ?? 0;
      let size = sizeAt(firstRow);
      let open: {
        readonly from: number;
        readonly line: number;
        to: number;
        next: number;
        rows: number;
      } | null = null;
      const close = (): Slice => {
        const { from: start, to, line, next, rows } = open!;
        const ref = encodeRange({ from: start, to, line });
        const cursor = { index: firstRow + rows, at: `${to}@${next} ${check}` };
        const slice = { firstRow, rows, ref, check, cursor };
        firstRow += rows;
        size = sizeAt(firstRow);
        open = null;
        return slice;
      };
      for await (const lines of rawLines(path, range, MAX_RECORD_BYTES, signal)) {
        signal.throwIfAborted();
        for (let i = 0; i < lines.count; i++) {
          if (lines.isBlank(i)) continue;
          if (size <= 0) return;
          const line = lines.number(i);
          open ??= { from: lines.start(i), line, to: 0, next: 0, rows: 0 };
          open.to = lines.end(i);
          open.next = line + 1;
          open.rows += 1;
          if (open.rows === size) yield close();
        }
      }
      if (open !== null) yield close();
    },
  };
}

/** `version`: that of the file, while its slices are being cut. Null at the start, and if rows are read one by one. */
function positionOf(from: Cursor | null): { readonly range: LineRange; readonly version: string | null } {
  if (from === null || from.index === 0) return { range: WHOLE_FILE, version: null };
  const [, offset, line, version] = /^(\d+)@(\d+)(?: (\S+))?$/.exec(from.at) ?? [];
  if (offset === undefined) throw new InvariantError(`cursor at "${from.at}"`);
  return { range: { from: Number(offset), to: null, line: Number(line) }, version: version ?? null };
}
