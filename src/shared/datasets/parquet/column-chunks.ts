/** Reads some columns of consecutive rows in chunks. Each chunk lies within one page of every leaf. */
import { createTurn } from '../../process/event-loop-turn.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { groupOf } from './file/footer.ts';
import { Damage } from './file/damage.ts';
import type { Column, Leaf } from './file/leaves.ts';
import type { ParquetFile } from './file/parquet-file.ts';
import type { Values } from './pages/decode-page.ts';
import type { LeafRows } from './pages/leaf-rows.ts';
import type { LostRows } from './pages/page-list.ts';
import { badTextRows } from './values/bad-text.ts';
import { cellsOf } from './values/cells.ts';

export interface ColumnChunk {
  readonly firstRow: number;
  readonly rows: number;
  /** By column: a cell per row. */
  readonly cells: ReadonlyMap<Column, Values>;
  /** Rows that cannot be read, counted from the first one, and why. */
  readonly badRows: ReadonlyMap<number, string>;
  /** Approximate bytes in memory. */
  readonly bytes: number;
}

/** Rows that cannot be read. */
export interface LostChunk {
  readonly firstRow: number;
  readonly rows: number;
  /** A sentence without a full stop. */
  readonly why: string;
}

/** Large enough for a call into a lane, and small enough for the event loop. */
const MAX_ROWS = 8_192;
const CHUNK_BYTES = 1024 * 1024;
/** A number or a boolean. */
const CELL_BYTES = 8;

/** `to`: the row after the last one. Rejects as reading the file does. */
export async function* columnChunks(
  parquet: ParquetFile,
  file: ByteFile,
  columns: readonly Column[],
  from: number,
  to: number,
  signal: AbortSignal,
): AsyncGenerator<ColumnChunk | LostChunk> {
  const leaves = columns.flatMap((column) => column.leaves.map((leaf) => ({ leaf, column })));
  const { groups } = parquet.footer;
  const turn = createTurn();
  let group = -1;
  let found: (LeafRows | LostRows | null)[] = [];
  for (let row = from; row < to;) {
    signal.throwIfAborted();
    const at = groupOf(parquet.footer, row);
    if (at !== group) found = leaves.map(() => null);
    group = at;
    const { firstRow, rows } = groups[group]!;
    const local = row - firstRow;
    found = await Promise.all(
      leaves.map(async ({ leaf }, n) => {
        const known = found[n];
        if (known && known.firstRow + known.rows > local) return known;
        return parquet.leafReader(group, leaf).rowsAt(file, local, signal);
      }),
    );
    if (turn.isOver()) await turn.next();
    const most = found.reduce(
      (least, some) => Math.min(least, some!.firstRow + some!.rows - local),
      Math.min(to - row, rows - local, MAX_ROWS),
    );
    const chunk = chunkOf(columns, leaves, found, { firstRow: row, local, most, group });
    yield chunk;
    row += chunk.rows;
  }
}

function chunkOf(
  columns: readonly Column[],
  leaves: readonly { readonly leaf: Leaf; readonly column: Column }[],
  found: readonly (LeafRows | LostRows | null)[],
  { firstRow, local, most, group }: { firstRow: number; local: number; most: number; group: number },
): ColumnChunk | LostChunk {
  const lost = (name: string, why: string) => ({
    firstRow,
    rows: most,
    why: `the column "${name}" cannot be read in row group ${group} (${why})`,
  });
  const cuts = new Map<Column, { rows: LeafRows; from: number }[]>(columns.map((column) => [column, []]));
  for (const [n, rows] of found.entries()) {
    const { column } = leaves[n]!;
    if ('why' in rows!) return lost(column.name, rows.why);
    cuts.get(column)!.push({ rows: rows!, from: local - rows!.firstRow });
  }
  const { rows, bytes } = measure([...cuts.values()].flat(), most);
  const cells = new Map<Column, Values>();
  const badRows = new Map<number, string>();
  for (const column of columns) {
    try {
      const own = cellsOf(column, cuts.get(column)!, rows);
      cells.set(column, own);
      for (const row of badTextRows(column, own, cuts.get(column)!)) {
        badRows.set(
          row,
          `row ${firstRow + row} has a text in the column "${column.name}" that is not valid UTF-8`,
        );
      }
    } catch (error) {
      if (error instanceof Damage) return lost(column.name, error.message);
      throw error;
    }
  }
  return { firstRow, rows, cells, badRows, bytes };
}

/** How many rows fit into a chunk, at least one. */
function measure(
  cuts: readonly { readonly rows: LeafRows; readonly from: number }[],
  most: number,
): { readonly rows: number; readonly bytes: number } {
  const varying = cuts.filter(({ rows }) => rows.rep === null && Array.isArray(rows.values));
  const fixed = cuts
    .filter((cut) => !varying.includes(cut))
    .reduce((sum, { rows }) => sum + (rows.rep === null ? CELL_BYTES : rows.bytes / rows.rows), 0);
  let bytes = 0;
  for (let row = 0; row < most; row++) {
    bytes += fixed;
    for (const { rows, from } of varying) bytes += sizeOf(rows.values[from + row]);
    if (bytes >= CHUNK_BYTES) return { rows: row + 1, bytes };
  }
  return { rows: most, bytes };
}

function sizeOf(cell: unknown): number {
  return typeof cell === 'string' || cell instanceof Uint8Array ? CELL_BYTES + cell.length : CELL_BYTES;
}
