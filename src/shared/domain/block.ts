/** Blocks: contiguous row ranges, the unit of queueing, retry and commit. */
import { z } from 'zod';
import { InvariantError } from '../errors.ts';
import type { RowRef } from './row.ts';

export const BLOCK_VERSION = 1;

/** Data of a block's BullMQ job: identity only; rows are in the job's window (see docs/operations.md). */
export const BLOCK_JOB = z.object({
  v: z.literal(BLOCK_VERSION),
  job: z.string(),
  block: z.int().min(0),
  /** How often the block was put on the queue. */
  generation: z.int().min(1),
  first_row: z.int().min(0),
  rows: z.int().min(1),
});
export type BlockJob = z.infer<typeof BLOCK_JOB>;

const VERSIONED = z.object({ v: z.int().min(1) });

/** The version of queue or job data, where it is above the one that is known here; null otherwise. */
export function newerVersion(data: unknown, known: number): number | null {
  const { data: versioned } = VERSIONED.safeParse(data);
  return versioned && versioned.v > known ? versioned.v : null;
}

/** Unique per attempt to add: BullMQ silently ignores an id that it still remembers. */
export function blockJobId(job: string, block: number, generation: number): string {
  return `${job}-${block}-${generation}`;
}

/** A block's rows as the window keeps them: `[first row, [[id, at?, index?], ...]]`. */
export interface BlockRows {
  readonly firstRow: number;
  readonly rows: readonly RowRef[];
}

const PAYLOAD = z.tuple([z.int().min(0), z.array(z.unknown())]);

export function encodeBlockRows(block: BlockRows): string {
  return JSON.stringify([block.firstRow, block.rows.map(encodeRow)]);
}

export function decodeBlockRows(text: string): BlockRows {
  const [firstRow, rows] = PAYLOAD.parse(JSON.parse(text));
  return { firstRow, rows: rows.map(decodeRow) };
}

/** By hand: a schema of three tuples took each of thousands of rows a second 0.3 us and 400 bytes. */
function decodeRow(row: unknown): RowRef {
  if (Array.isArray(row) && row.length >= 1 && row.length <= 3) {
    const [id, at, index] = row as unknown[];
    const known = at === undefined || typeof at === 'string' || (at === null && row.length === 3);
    const numbered = index === undefined || (Number.isInteger(index) && (index as number) >= 0);
    if (typeof id === 'string' && known && numbered) {
      return { id, at: (at as string | null | undefined) ?? undefined, index: index as number | undefined };
    }
  }
  throw new InvariantError(`a block's row is ${JSON.stringify(row)?.slice(0, 100)}`);
}

/** The number in the output of the block's row at `position`. */
export function rowIndex(block: BlockRows, position: number): number {
  return block.rows[position]!.index ?? block.firstRow + position;
}

function encodeRow({ id, at, index }: RowRef): unknown[] {
  if (index !== undefined) return [id, at ?? null, index];
  return at === undefined ? [id] : [id, at];
}

/** Microseconds or counts that a block's run spent or saw, summed into the job's stats by its commit. */
export type BlockStats = Readonly<Record<string, number>>;
