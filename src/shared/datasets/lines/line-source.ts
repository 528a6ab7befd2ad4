/** The common part of every format whose rows are the lines of a file. Cursors are byte offsets. */
import type { Cursor } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { InvariantError } from '../../errors.ts';
import { readLines } from './line-reader.ts';
import { isBlank, type Line } from './raw-lines.ts';
import type { DatasetSource } from '../source.ts';

export interface LineSourceOptions {
  readonly path: string;
  /** Creates the row of a non-blank line. Must not throw, because a bad line is a bad row. */
  readonly toRow: (line: Line) => RowRef;
}

export function createLineSource({ path, toRow }: LineSourceOptions): DatasetSource {
  return {
    async *read(from, signal) {
      let index = from?.index ?? 0;
      for await (const lines of readLines(path, offsetOf(from), signal)) {
        for (const line of lines) {
          if (isBlank(line)) continue;
          signal.throwIfAborted();
          yield { row: toRow(line), cursor: { index: ++index, at: String(line.end) } };
        }
      }
    },
    async count(limit, signal) {
      let rows = 0;
      if (limit <= 0) return 0;
      for await (const lines of readLines(path, 0, signal)) {
        for (const line of lines) if (!isBlank(line) && ++rows >= limit) return rows;
      }
      return rows;
    },
  };
}

function offsetOf(from: Cursor | null): number {
  if (from === null || from.index === 0) return 0;
  const offset = Number(from.at);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new InvariantError(`cursor at "${from.at}"`);
  return offset;
}
