/**
 * A dataset as a job's spec keeps it, so that any process can read it again. The submit has made paths absolute and
 * written inline rows and lists of URLs to spool files.
 */
import { z } from 'zod';
import { COLUMNS } from './columns.ts';
import { JOIN, type Join } from './join.ts';
import { SKIPPED } from './skipped.ts';

/** Whether globs ignore letter case. */
const IGNORE_CASE = z.literal(true).optional();

const LISTING_RULE = z.union([z.literal(1), z.literal(2), z.literal(3)]);
export type ListingRule = z.infer<typeof LISTING_RULE>;

/** The columns that go to the output. See `JoinedColumn`. */
const JOINED = { join: JOIN.optional() };

/** What tables of every format have. */
const TABLE = {
  /** The file. For several files: their folder, or a pattern of their names. */
  path: z.string(),
  /** Relative paths in rows start at this folder. For several files: the folder that they are in. */
  base: z.string(),
  columns: COLUMNS.optional(),
  /**
   * Several files are one table, in the order of their names. `pattern`: matches names below `base`. Null: all
   * tables.
   */
  parts: z.object({ pattern: z.string().nullable(), ignore_case: IGNORE_CASE }).optional(),
  /** The columns that a file must have. The submit has looked only at the first file, or at none. */
  needs: z.array(z.string()).optional(),
  ...JOINED,
};

/** How a manifest lists its rows. Absent: each line is a path, a URL or `{"id","uri"}`. */
const MANIFEST_LIST = z.discriminatedUnion('format', [
  /** A CSV file, whose header has `names`. The column `uri` has the path or URL, and `id` names the row. */
  z.object({
    format: z.literal('csv'),
    delimiter: z.string().length(1),
    names: z.array(z.string()).min(1),
    start: z.object({ from: z.int().min(0), line: z.int().min(1) }),
    columns: z.object({ uri: z.string(), id: z.string().optional() }),
  }),
  /** An array in JSON, as SageMaker has it. Each element is the rest of a URL that begins with `prefix`. */
  z.object({ format: z.literal('sagemaker'), prefix: z.string() }),
]);
export type ManifestList = z.infer<typeof MANIFEST_LIST>;

const GIVEN = [
  /** Files below `root`. Their ids are paths relative to it, and globs match those ids. */
  z.object({
    type: z.literal('files'),
    root: z.string(),
    include: z.array(z.string()).default([]),
    exclude: z.array(z.string()).default([]),
    ignore_case: IGNORE_CASE,
    /** A single file instead of the whole folder: its name below `root`. */
    only: z.string().optional(),
    /** Which entries of the folder are rows (listing-rule.ts). An older job.json lacks it, which means 1. */
    listing: LISTING_RULE.optional(),
    ...JOINED,
  }),
  /** A spool file below the data folder. Each line holds a URL as a JSON string. */
  z.object({ type: z.literal('urls'), spool: z.string(), ...JOINED }),
  /** Each line of `spool` is a JSON object `{"id","at"}`, where `at` is a range of `blob` (blob-range.ts). */
  z.object({ type: z.literal('inline'), spool: z.string(), blob: z.string(), ...JOINED }),
  /** A user's file, which lists paths and URLs. Relative paths start at `base`. */
  z.object({
    type: z.literal('manifest'),
    path: z.string(),
    base: z.string(),
    list: MANIFEST_LIST.optional(),
    ...JOINED,
  }),
  /** A user's file. Each line is a JSON object: a record. */
  z.object({ type: z.literal('jsonl'), ...TABLE }),
  /** A user's file. Of several files, `names` and `start` are those of the first one. */
  z.object({
    type: z.literal('csv'),
    ...TABLE,
    delimiter: z.string().length(1),
    /** The header. */
    names: z.array(z.string()).min(1),
    /** The offset and line number of the first row. */
    start: z.object({ from: z.int().min(0), line: z.int().min(1) }),
    /** The fields that the model reads. Null: any. */
    fields: z.array(z.string()).nullable(),
    /** The fields that are text, whatever they look like. Null: all. */
    text: z.array(z.string()).nullable(),
    ...JOINED,
  }),
  /** Members of one or more tar or zip archives (shards). `include` and `exclude` match member names. */
  z.object({
    type: z.literal('archive'),
    /** The archive, or a pattern of archives. */
    path: z.string(),
    /** The folder of the archives. Relative paths in records start there, too. */
    base: z.string(),
    /** How `path` names several archives: `{000..099}`, or wildcards. */
    shards: z.enum(['braces', 'glob']).optional(),
    /** Whether members with the same key are one row (WebDataset). If not, each member is one. */
    grouped: z.boolean(),
    /** What the model's task takes of a row. Other members of a group are not read. */
    reads: z.enum(['image', 'audio', 'record']),
    include: z.array(z.string()).default([]),
    exclude: z.array(z.string()).default([]),
    ignore_case: IGNORE_CASE,
    listing: LISTING_RULE,
    columns: COLUMNS.optional(),
    ...JOINED,
  }),
  /**
   * A user's file, a record per row. `fields`: those that the model reads, so that no other column is read. Null: any
   * column may be one.
   */
  z.object({
    type: z.literal('parquet'),
    ...TABLE,
    fields: z.array(z.string()).nullable(),
    ...JOINED,
  }),
] as const;

/** A dataset as a user can give it. */
export const GIVEN_DATASET = z.discriminatedUnion('type', GIVEN);
export type GivenDataset = z.infer<typeof GIVEN_DATASET>;

export const DATASET_SPEC = z.discriminatedUnion('type', [
  ...GIVEN,
  /**
   * The failed rows of an output, for a retry. They are in the errors files `first` to `end` - 1 of `folder`. Their
   * job has ended, so the files never change. `of`: the dataset that the rows belong to.
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

export type ArchiveSpec = Extract<DatasetSpec, { type: 'archive' }>;

/** A dataset of records in one file or several ones, whose blocks are slices of them. */
export type TableSpec = Extract<DatasetSpec, { type: 'jsonl' | 'csv' | 'parquet' }>;

/** A table in several files. */
export type PartsSpec = TableSpec & { readonly parts: NonNullable<TableSpec['parts']> };

export type ManifestSpec = Extract<DatasetSpec, { type: 'manifest' }>;

export type FilesSpec = Extract<DatasetSpec, { type: 'files' }>;

export function hasParts(dataset: TableSpec): dataset is PartsSpec {
  return dataset.parts !== undefined;
}

export function isTable(dataset: { readonly type: string }): dataset is TableSpec {
  return dataset.type === 'jsonl' || dataset.type === 'csv' || dataset.type === 'parquet';
}

/**
 * Where reading stopped: after row number `index - 1`, at position `at`, whose meaning depends on the source.
 * `skipped`: what the reading has skipped so far.
 */
export const CURSOR = z.object({ index: z.int().min(0), at: z.string(), skipped: SKIPPED.optional() });
export type Cursor = z.infer<typeof CURSOR>;

/** The dataset of the request. For a retry, the dataset of the first job. */
export function givenOf(dataset: DatasetSpec): GivenDataset {
  return dataset.type === 'failed' ? dataset.of : dataset;
}

/** The columns that a dataset's rows pass on to the output. */
export function joinOf(dataset: DatasetSpec): Join | undefined {
  return givenOf(dataset).join;
}

/** Whether the versions of the dataset's rows are known, so that a delta job can tell which have changed. */
export function hasVersions(dataset: DatasetSpec): boolean {
  return givenOf(dataset).type === 'files';
}

/** For readers that need only the rows' names. */
export function withoutJoin<Spec extends GivenDataset>(dataset: Spec): Spec {
  return dataset.join === undefined ? dataset : { ...dataset, join: undefined };
}
