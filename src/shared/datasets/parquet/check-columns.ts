/** Whether Forebay can read some columns of a Parquet file. The footer tells, so nobody waits for the first bad block. */
import { ForebayError } from '../../errors.ts';
import type { Footer, RowGroup } from './file/footer.ts';
import type { Column, Leaf } from './file/leaves.ts';
import { knowsCodec } from './pages/decompress.ts';
import { counted } from '../../text/counted.ts';

/** `name`: of the file. Throws ForebayError `input_unreadable`. */
export function checkColumns(name: string, { groups }: Footer, columns: readonly Column[]): void {
  for (const leaf of columns.flatMap((column) => column.leaves)) {
    const why = whyUnreadable(leaf, groups);
    if (why === null) continue;
    throw new ForebayError('input_unreadable', `${name}: the column "${leaf.path.join('.')}" ${why}.`);
  }
}

/** Kinds of values that the decoder does not know. */
const UNKNOWN: ReadonlySet<string | undefined> = new Set(['BSON', 'INTERVAL']);

function whyUnreadable(leaf: Leaf, groups: readonly RowGroup[]): string | null {
  const { converted_type: kind } = leaf.element;
  if (UNKNOWN.has(kind)) return `has values of the kind ${kind}, which is not supported`;
  for (const { rows, chunks } of groups) {
    const chunk = chunks[leaf.at]!;
    if (typeof chunk === 'string') return chunk;
    if (!knowsCodec(chunk.codec)) {
      return `is compressed with ${chunk.codec}, which is not supported. Write it with snappy, gzip, zstd, brotli or lz4`;
    }
    if (leaf.maxRep === 0 && chunk.values !== rows) {
      return `has ${counted(chunk.values, 'value')} in a row group of ${counted(rows, 'row')}`;
    }
  }
  return null;
}
