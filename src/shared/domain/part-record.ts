/** What is known about a published part, so that it can be described without reading it (docs/adr/0037). Pure. */
import { z } from 'zod';

/** The failed rows of a part. */
export interface ErrorFacts {
  readonly bytes: number;
  readonly sha256: string;
  /** Rows by error code. */
  readonly codes: Readonly<Record<string, number>>;
}

/** The files of a part. */
export interface PartFacts {
  readonly succeeded: number;
  readonly failed: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Null: no row failed. */
  readonly errors: ErrorFacts | null;
}

const COUNT = z.int().min(0);
const HASH = z.string().regex(/^[0-9a-f]{64}$/);
/** Others may write to the storage, so the size of a record is limited. Codes of newer versions are accepted. */
const MOST_CODES = 100;
const CODES = z
  .record(z.string().regex(/^[a-z0-9_]{1,64}$/), COUNT)
  .refine((codes) => Object.keys(codes).length <= MOST_CODES);

export const PART_RECORD = z.object({
  /** The number of the part. */
  part: COUNT,
  /** The indexes of its first and last row, failed ones included. */
  first: COUNT,
  last: COUNT,
  /**
   * Digest of the rows as the dataset gives them (storage/part-index/part-record-of.ts). Null: they were not compared.
   */
  check: z.string().max(64).nullable(),
  succeeded: COUNT,
  failed: COUNT,
  bytes: COUNT,
  sha256: HASH,
  errors: z.object({ bytes: COUNT, sha256: HASH, codes: CODES }).nullable(),
});

/** A part of a job's output. A commit leaves it in Redis, and the feeder moves it to the output. */
export type PartRecord = z.infer<typeof PART_RECORD> & PartFacts;

/** Adds the failed rows of a part to sums by error code. */
export function addCodes(sums: Map<string, number>, { errors }: PartFacts): void {
  for (const [code, rows] of Object.entries(errors?.codes ?? {}))
    sums.set(code, (sums.get(code) ?? 0) + rows);
}
