/** Blocks: contiguous ranges of rows. They are the unit of queueing, retry and commit. */
import { z } from 'zod';
import { InvariantError } from '../errors.ts';
import { decodeEarlier, encodeEarlier, type EarlierRows } from './earlier-rows.ts';
import type { FileTask } from './job/compaction.ts';
import type { RowRef } from './row.ts';

export const BLOCK_VERSION = 1;

/** The data of a block's BullMQ job. It identifies the block, whose rows are in the job's window. */
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

/** The version of queue or job data, if it is newer than `known`; else null. */
export function newerVersion(data: unknown, known: number): number | null {
  const { data: versioned } = VERSIONED.safeParse(data);
  return versioned && versioned.v > known ? versioned.v : null;
}

/** Each generation has its own id, because BullMQ silently ignores an id that it still remembers. */
export function blockJobId(job: string, block: number, generation: number): string {
  return `${job}-${block}-${generation}`;
}

/** A block's rows, one by one. The window keeps them as `[first row, [[id, at?, index?], ...], earlier?]`. */
export interface BlockRows {
  readonly firstRow: number;
  readonly rows: readonly RowRef[];
  /** In a delta job. */
  readonly earlier?: EarlierRows;
  /**
   * Set for a block without rows that writes files from published parts. The window keeps it as
   * `{"file","first","end"}`.
   */
  readonly task?: FileTask;
}

/** Rows whose ids are their indexes. */
export interface NumberedRows {
  readonly firstRow: number;
  readonly count: number;
}

/** The rows of a block by index and id. */
export type NamedRows = BlockRows | NumberedRows;

/**
 * A block's rows as a slice of the dataset (see datasets/source.ts). The window keeps it as
 * `[first row, rows, ref, check, earlier?]`.
 */
export interface BlockSlice {
  readonly firstRow: number;
  readonly count: number;
  readonly ref: string;
  readonly check: string;
  /** In a delta job. A worker still has to find out which of the rows to take over have changed. */
  readonly earlier?: EarlierRows;
}

export type BlockContent = BlockRows | BlockSlice;

export function isSlice(content: BlockContent): content is BlockSlice {
  return 'ref' in content;
}

/** The rows of a block that is known to be listed. */
export function listedRows(content: BlockContent): BlockRows {
  if (isSlice(content)) throw new InvariantError(`the rows of a block are the slice ${content.ref}`);
  return content;
}

export function rowCount(content: BlockContent | NamedRows): number {
  return 'rows' in content ? content.rows.length : content.count;
}

const LISTED = z.tuple([z.int().min(0), z.array(z.unknown())], z.unknown());
const SLICE = z.tuple([z.int().min(0), z.int().min(1), z.string(), z.string()], z.unknown());

const FILE_TASK = z.object({ file: z.int().min(0), first: z.int().min(0), end: z.int().min(1) });

export function encodeBlock(content: BlockContent): string {
  const { firstRow } = content;
  if (isSlice(content)) {
    const { count, ref, check, earlier } = content;
    return JSON.stringify([firstRow, count, ref, check, ...(earlier ? [encodeEarlier(earlier)] : [])]);
  }
  if (content.task !== undefined) return JSON.stringify(content.task);
  const rows = content.rows.map(encodeRow);
  return JSON.stringify(
    content.earlier === undefined ? [firstRow, rows] : [firstRow, rows, encodeEarlier(content.earlier)],
  );
}

export function decodeBlock(text: string): BlockContent {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return taskBlock(FILE_TASK.parse(value));
  if (value.length >= 4) {
    const [firstRow, count, ref, check, found] = SLICE.parse(value);
    const slice = { firstRow, count, ref, check };
    return found === undefined ? slice : { ...slice, earlier: decodeEarlier(found) };
  }
  const [firstRow, rows, earlier] = LISTED.parse(value);
  const listed = { firstRow, rows: rows.map(decodeRow) };
  return earlier === undefined ? listed : { ...listed, earlier: decodeEarlier(earlier) };
}

export function taskBlock(task: FileTask): BlockRows {
  return { firstRow: 0, rows: [], task };
}

/** Checked by hand, because thousands of rows per second pass through and a schema is slower. */
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

/** The index in the output of the block's row at `position`. */
export function rowIndex(block: NamedRows, position: number): number {
  const listed = 'rows' in block ? block.rows[position]!.index : undefined;
  return listed ?? block.firstRow + position;
}

export function rowId(block: NamedRows, position: number): string {
  return 'rows' in block ? block.rows[position]!.id : String(block.firstRow + position);
}

function encodeRow({ id, at, index }: RowRef): unknown[] {
  if (index !== undefined) return [id, at ?? null, index];
  return at === undefined ? [id] : [id, at];
}

/** Counts and times (in microseconds) of a block's run. Its commit adds them to the job's stats. */
export type BlockStats = Readonly<Record<string, number>>;

const ANSWERED = 'answered_milli:';

/** The name of the stat that counts, in thousandths, the rows that a model of a pipeline has answered. */
export function answeredStat(model: string): string {
  return `${ANSWERED}${model}`;
}

/** Rows by model, from the sums of a job. Null if its model is no pipeline. */
export function answeredIn(stats: BlockStats): Readonly<Record<string, number>> | null {
  const found = Object.entries(stats).filter(([name]) => name.startsWith(ANSWERED));
  if (found.length === 0) return null;
  return Object.fromEntries(
    found.map(([name, milli]) => [name.slice(ANSWERED.length), Math.round(milli / 1000)]),
  );
}
