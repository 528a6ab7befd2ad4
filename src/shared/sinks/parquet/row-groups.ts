/** Writes rows to Parquet, a row group at a time. */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { ResultColumn, ValueType } from '../../domain/job/part-format.ts';
import { parquetSchema } from './parquet-schema.ts';

/** `groupSize`: a row group ends when the sizes of its rows reach it. */
export function createRowGroups(columns: readonly ResultColumn[], groupSize: number) {
  const names = ['index', 'id', ...columns.map(({ name }) => name)];
  const layout = [SCALAR_LAYOUT, SCALAR_LAYOUT, ...columns.map(({ type }) => layoutOf(type))];
  const writer = new ByteWriter();
  const file = new ParquetWriter({ writer, schema: parquetSchema(columns), createdBy: 'forebay' });
  let group: unknown[][] = names.map(() => []);
  let size = 0;
  let written = 0;
  let taken = 0;

  function write(): void {
    if (group[0]!.length === 0) return;
    const columnData = names.map((name, at) => ({ name, data: group[at]!, ...layout[at]! }));
    void file.write({ columnData, rowGroupSize: group[0]!.length });
    written += group[0]!.length;
    group = names.map(() => []);
    size = 0;
  }

  return {
    names,
    /** `values`: one for each of `names`. */
    add(values: readonly unknown[], rowSize: number): void {
      for (const [at, value] of values.entries()) group[at]!.push(value);
      size += rowSize;
      if (size >= groupSize) write();
    },
    /** Takes the bytes of the row groups that are complete. Null: there are none. */
    take(): Uint8Array | null {
      if (writer.index === 0) return null;
      const bytes = writer.getBytes().slice();
      // The writer's offset counts all its bytes. Its index counts only those in its buffer.
      writer.index = 0;
      taken = written;
      return bytes;
    },
    end(): Uint8Array {
      write();
      void file.finish();
      taken = written;
      return writer.getBytes();
    },
    rowsTaken: (): number => taken,
  };
}

interface Layout {
  readonly encoding?: 'PLAIN';
  readonly codec?: 'UNCOMPRESSED';
  readonly statistics?: false;
}

const SCALAR_LAYOUT: Layout = {};
/** Files are compressed already, and differ from each other. */
const BYTES_LAYOUT: Layout = { statistics: false, encoding: 'PLAIN', codec: 'UNCOMPRESSED' };

/** Numbers of a vector differ in every bit, so a dictionary and compression only take time. */
function layoutOf(type: ValueType): Layout {
  if (typeof type === 'string') return type === 'bytes' ? BYTES_LAYOUT : SCALAR_LAYOUT;
  let items: ValueType = type;
  while (typeof items === 'object' && 'list' in items) items = items.list;
  const isVector = items === 'float' || items === 'double';
  return { statistics: false, ...(isVector && { encoding: 'PLAIN', codec: 'UNCOMPRESSED' }) };
}
