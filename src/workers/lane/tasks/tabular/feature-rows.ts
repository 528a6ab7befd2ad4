/** The input tensors of batches. Their memory is reused. */
import type { ColumnPiece } from '../../../../shared/domain/column-rows.ts';
import type { PackedRecords } from '../../../../shared/domain/packed-records.ts';
import type { RowError } from '../../../../shared/domain/row.ts';
import type { Fields } from '../record.ts';
import type { Feeds, TensorValue } from '../tensors.ts';
import type { ColumnData, ColumnReader } from './column-reader.ts';
import { readPiece } from './piece-reader.ts';
import type { RecordScanner } from './record-scanner.ts';

/** The rows of one batch. See TaskBatch. */
export interface FeatureRows {
  read(at: number, record: Fields): RowError | null;
  /** See RecordScanner.read. */
  scan(scanner: RecordScanner, at: number, records: PackedRecords): boolean;
  /** Reads columns, the first row as row `first`. Returns the rows of the piece that must be read as records. */
  readPiece(piece: ColumnPiece, first: number): Iterable<number>;
  feeds(rows: readonly number[]): Feeds;
  release(): void;
}

/** One for the batch in the model, one for the batch being read, and one to gather rows after errors. */
const KEPT = 3;

/** The tensors of one batch, in the order of the readers. */
interface BatchTensors {
  readonly capacity: number;
  readonly data: readonly ColumnData[];
}

export function createFeatureRows(
  readers: readonly ColumnReader[],
  fixedBatch: number | null,
): (rows: number) => FeatureRows {
  const free: BatchTensors[] = [];

  function take(rows: number): BatchTensors {
    const tensors = free.pop();
    // Tensors that are too small are dropped. Most batches of a model have one size, and all of them grow to it.
    if (tensors !== undefined && tensors.capacity >= rows) return tensors;
    return { capacity: rows, data: readers.map((reader) => reader.allocate(rows)) };
  }

  function giveBack(tensors: BatchTensors): void {
    if (free.length < KEPT) free.push(tensors);
  }

  return (rows) => {
    const tensors = take(rows);
    let spare: BatchTensors | null = null;

    /** Copies the rows: failed rows left gaps, or the last row is repeated to fill the graph's batch. */
    function gather(positions: readonly number[]): BatchTensors {
      if (spare === null || spare.capacity < positions.length) {
        spare = take(Math.max(positions.length, fixedBatch ?? 0));
      }
      for (const [n, { width }] of readers.entries()) {
        const from = tensors.data[n]!;
        const to = spare.data[n]!;
        for (const [row, position] of positions.entries()) {
          for (let i = 0; i < width; i++) to[row * width + i] = from[position * width + i]!;
        }
      }
      return spare;
    }

    return {
      read(at, record) {
        for (let n = 0; n < readers.length; n++) {
          const reader = readers[n]!;
          const error = reader.read(record, tensors.data[n]!, at * reader.width);
          if (error !== null) return error;
        }
        return null;
      },
      scan: (scanner, at, records) =>
        scanner.read(records.bytes, records.startOf(at), records.ends[at]!, at, tensors.data),
      readPiece: (piece, first) => readPiece(piece, first, readers, tensors.data),
      feeds(positions) {
        const [first = 0] = positions;
        const isWhole = positions.every((row, i) => row === first + i);
        const { data } = isWhole ? tensors : gather(positions);
        const from = isWhole ? first : 0;
        return Object.fromEntries(
          readers.map((reader, n) => [reader.input.name, part(reader, data[n]!, from, positions.length)]),
        );
      },
      release() {
        giveBack(tensors);
        if (spare !== null) giveBack(spare);
      },
    };
  };
}

/** The tensor of `rows` rows. Numbers are not copied. */
function part({ input, width }: ColumnReader, data: ColumnData, first: number, rows: number): TensorValue {
  const from = first * width;
  const to = from + rows * width;
  return {
    type: input.type,
    dims: input.shape.length === 1 ? [rows] : [rows, width],
    data: Array.isArray(data) ? data.slice(from, to) : data.subarray(from, to),
  };
}
