/**
 * A dataset as it is kept in a job: resolved and validated at submit (absolute paths under configured
 * roots, inline rows and URL lists spooled to disk), so that any process can enumerate it again.
 */
import { z } from 'zod';
import { SKIPPED } from './skipped.ts';

const LISTING_RULE = z.union([z.literal(1), z.literal(2)]);
export type ListingRule = z.infer<typeof LISTING_RULE>;

const GIVEN = [
  /** Files under `root`, recursive; ids are paths relative to it. Globs match those ids. */
  z.object({
    type: z.literal('files'),
    root: z.string(),
    include: z.array(z.string()).default([]),
    exclude: z.array(z.string()).default([]),
    /** A single file instead of a folder: its name below `root`. */
    only: z.string().optional(),
    /** Which entries of the folder are rows, see dataset/listing-rule.ts. Absent from a job.json of before: 1. */
    listing: LISTING_RULE.optional(),
  }),
  /** One JSON string (a URL) a line in a spool file below the data folder. */
  z.object({ type: z.literal('urls'), spool: z.string() }),
  /** One JSON object `{"id","at"}` a line in `spool`, `at` = `offset+length` into `blob`. */
  z.object({ type: z.literal('inline'), spool: z.string(), blob: z.string() }),
  /** A user's file: a path, a URL or `{"id","uri"}` a line; relative paths start at `base`. */
  z.object({ type: z.literal('manifest'), path: z.string(), base: z.string() }),
] as const;

/** A dataset as a user can give it. */
export const GIVEN_DATASET = z.discriminatedUnion('type', GIVEN);
export type GivenDataset = z.infer<typeof GIVEN_DATASET>;

export const DATASET_SPEC = z.discriminatedUnion('type', [
  ...GIVEN,
  /**
   * The rows that failed in an output (a retry): those in errors files `first` to `end` - 1 of `folder`, which are an
   * ended job's, so that they never change. `of`: the dataset that the rows belong to.
   */
  z.object({
    type: z.literal('failed'),
    folder: z.string(),
    first: z.int().min(0),
    end: z.int().min(0),
    of: GIVEN_DATASET,
  }),
]);

export type DatasetSpec = z.infer<typeof DATASET_SPEC>;

/**
 * Where reading stopped: after row number `index - 1`, at source position `at` (source-specific). `skipped`: what was
 * left out up to there.
 */
export const CURSOR = z.object({ index: z.int().min(0), at: z.string(), skipped: SKIPPED.optional() });
export type Cursor = z.infer<typeof CURSOR>;
