/** The schema of a Parquet part. Lists have the usual three levels, which every reader knows. */
import type { SchemaElement } from 'hyparquet-writer';
import type { ResultColumn, ValueType } from '../../domain/job/part-format.ts';

const SCALARS = {
  boolean: { type: 'BOOLEAN' },
  int64: { type: 'INT64' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  /** Text, because many readers return Parquet's JSON type as bytes. */
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  int32: { type: 'INT32' },
  bytes: { type: 'BYTE_ARRAY' },
  date: { type: 'INT32', converted_type: 'DATE' },
  // Older readers know `converted_type`, which exists only for UTC times in milliseconds or microseconds.
  timestamp_ms: { ...moment('MILLIS', true), converted_type: 'TIMESTAMP_MILLIS' },
  timestamp_us: { ...moment('MICROS', true), converted_type: 'TIMESTAMP_MICROS' },
  timestamp_ns: moment('NANOS', true),
  local_timestamp_ms: moment('MILLIS', false),
  local_timestamp_us: moment('MICROS', false),
  local_timestamp_ns: moment('NANOS', false),
} as const satisfies Record<Extract<ValueType, string>, Partial<SchemaElement>>;

function moment(unit: 'MILLIS' | 'MICROS' | 'NANOS', isAdjustedToUTC: boolean) {
  return { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit } } as const;
}

export function parquetSchema(columns: readonly ResultColumn[]): SchemaElement[] {
  return [
    { name: 'schema', num_children: columns.length + 2 },
    { name: 'index', repetition_type: 'REQUIRED', ...SCALARS.int64 },
    { name: 'id', repetition_type: 'REQUIRED', ...SCALARS.string },
    ...columns.flatMap(({ name, type }) => elements(name, type)),
  ];
}

function elements(name: string, type: ValueType): SchemaElement[] {
  if (typeof type === 'string') return [{ name, repetition_type: 'OPTIONAL', ...SCALARS[type] }];
  if ('list' in type) {
    return [
      { name, repetition_type: 'OPTIONAL', converted_type: 'LIST', num_children: 1 },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      ...elements('element', type.list),
    ];
  }
  return [
    { name, repetition_type: 'OPTIONAL', num_children: type.struct.length },
    ...type.struct.flatMap((field) => elements(field.name, field.type)),
  ];
}
