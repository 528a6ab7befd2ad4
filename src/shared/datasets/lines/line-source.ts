/** The common part of `manifest`, `urls` and `inline`, whose rows are the lines of a file. Cursors are byte offsets. */
import type { Cursor } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { InvariantError } from '../../errors.ts';
import { withFile, type ByteFiles } from '../bytes/byte-file.ts';
import { countLines } from './count-lines.ts';
import { MAX_LINE_BYTES, readLines, type Line } from './line-reader.ts';
import type { DatasetSource } from '../source.ts';

export interface LineSourceOptions {
  readonly path: string;
  readonly files: ByteFiles;
  /** Creates the row of a non-blank line. Must not throw, because a bad line is a bad row. */
  readonly toRow: (line: Line) => RowRef;
}

export function createLineSource({ path, files, toRow }: LineSourceOptions): DatasetSource {
  return {
    async *read(from, signal) {
      let index = from?.index ?? 0;
      const file = await files.open(path, signal);
      try {
        for await (const lines of readLines(file, offsetOf(from), signal)) {
          for (const line of lines) {
            signal.throwIfAborted();
            yield { row: toRow(line), cursor: { index: ++index, at: String(line.end) } };
          }
        }
      } finally {
        await file.close();
      }
    },
    count: async (limit, signal) =>
      withFile(files, path, signal, async (file) => countLines(file, limit, MAX_LINE_BYTES, signal)),
  };
}

function offsetOf(from: Cursor | null): number {
  if (from === null || from.index === 0) return 0;
  const offset = Number(from.at);
  if (!Number.isSafeInteger(offset) || offset < 0) throw new InvariantError(`cursor at "${from.at}"`);
  return offset;
}
