/** A delta job takes results of unchanged rows over from an earlier output, and computes only the others. */
import { z } from 'zod';
import { PART_TABLE } from './part-format.ts';

export const DELTA = z.object({
  /** The last job of the earlier output, and its place. */
  job: z.string(),
  output: z.string(),
  /** A row is unchanged if its content is. Absent: if its file has the same size and time, or the same ETag. */
  by: z.literal('content').optional(),
  /** How the earlier parts are written. See JOB_SPEC. */
  table: PART_TABLE.optional(),
  /** Why all rows are computed, in words. Absent: unchanged rows are taken over. */
  recompute: z.string().optional(),
});
export type Delta = z.infer<typeof DELTA>;

/** What became of the rows of a delta job. Counted when their block is committed. */
export interface DeltaCounts {
  readonly taken: number;
  readonly new: number;
  readonly changed: number;
  readonly failed: number;
  /** Rows that only the earlier output has. Null until the job ends. */
  readonly vanished: number | null;
}
