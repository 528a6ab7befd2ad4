/** The format of a job's parts, and the columns of those that are tables. Both are fixed at submit. */
import { z } from 'zod';

/** A format's name is also the extension of its parts. */
export const PART_FORMATS = ['jsonl', 'csv', 'parquet'] as const;
export type PartFormat = (typeof PART_FORMATS)[number];

/**
 * `float` has 32 bits, `double` and `int64` have 64. `json`: the value as JSON text. The others occur only in columns
 * of the input. As JSON, `bytes` are base64, and dates and times are as in `2026-01-02T03:04:05.006Z`. A date or time
 * whose type begins with `local_` has no time zone.
 */
const SCALAR = z.enum([
  'boolean',
  'int64',
  'float',
  'double',
  'string',
  'json',
  'int32',
  'bytes',
  'date',
  'timestamp_ms',
  'timestamp_us',
  'timestamp_ns',
  'local_timestamp_ms',
  'local_timestamp_us',
  'local_timestamp_ns',
]);

export type ValueType =
  | z.infer<typeof SCALAR>
  | { readonly list: ValueType }
  | { readonly struct: readonly StructField[] };

export interface StructField {
  readonly name: string;
  readonly type: ValueType;
  /** Whether a value may lack the field. Else a missing value is null. */
  readonly optional: boolean;
}

const VALUE_TYPE: z.ZodType<ValueType> = z.union([
  SCALAR,
  z.object({ list: z.lazy(() => VALUE_TYPE) }),
  z.object({ struct: z.array(z.lazy(() => STRUCT_FIELD)) }),
]);

const STRUCT_FIELD: z.ZodType<StructField> = z.object({
  name: z.string(),
  type: VALUE_TYPE,
  optional: z.boolean(),
});

/** Which value of a row a column holds. */
const SOURCE = z.discriminatedUnion('of', [
  z.object({ of: z.literal('field'), field: z.string() }),
  /** One value of a field that is an object. */
  z.object({ of: z.literal('key'), field: z.string(), key: z.string() }),
  /** A copy from the first object of a list, for users. Readers of parts ignore it. */
  z.object({ of: z.literal('best'), field: z.string(), key: z.enum(['label', 'score']) }),
  /** A column of the input (`join`), as the field of that name. */
  z.object({ of: z.literal('input'), field: z.string() }),
]);

/** A column after `index` and `id`. */
export const RESULT_COLUMN = z.object({
  name: z.string(),
  type: VALUE_TYPE,
  optional: z.boolean(),
  source: SOURCE,
});
export type ResultColumn = z.infer<typeof RESULT_COLUMN>;

/** How the parts of a job are written if they are not JSONL with all fields of the results. */
export const PART_TABLE = z.object({
  format: z.enum(PART_FORMATS),
  columns: z.array(RESULT_COLUMN),
  /** The request has chosen the columns. Then a row as JSON has a field per column, under the column's name. */
  selected: z.literal(true).optional(),
});
export type PartTable = z.infer<typeof PART_TABLE>;
