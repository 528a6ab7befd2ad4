/** Columns of the input that a job passes on to its output (`join`). */
import { z } from 'zod';

const JOINED_COLUMN = z.object({
  /** The name in the input. */
  column: z.string(),
  /** The name in the output. */
  name: z.string(),
});
export type JoinedColumn = Readonly<z.infer<typeof JOINED_COLUMN>>;

export const JOIN = z.array(JOINED_COLUMN).min(1);
export type Join = readonly JoinedColumn[];

/** More would make job.json too large. */
export const MAX_JOINED = 1_000;

/** What a request says about the columns of the output. Absent: nothing. */
export const ASKED_COLUMNS = z.object({
  join: z.union([z.literal(true), z.array(z.string())]).optional(),
  select: z.array(z.string()).optional(),
});
export type AskedColumns = Readonly<z.infer<typeof ASKED_COLUMNS>>;

const MAX_BLOCK_BYTES = 256 * 1024 * 1024;
const MAX_ROW_BYTES = 16 * 1024 * 1024;

/**
 * The maximum size of a row's joined values, in bytes of JSON. A worker holds the values of a whole block. The limit
 * depends on no other row, so every run of a block gives the same rows.
 */
export function joinLimit(blockRows: number): number {
  return Math.min(MAX_ROW_BYTES, Math.floor(MAX_BLOCK_BYTES / blockRows));
}
