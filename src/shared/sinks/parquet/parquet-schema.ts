/** The schema of a Parquet part. Lists and structs have the usual three levels, so that every reader knows them. */
import type { SchemaElement } from 'hyparquet-writer';
import type { ResultColumn, ValueType } from '../../domain/job/part-format.ts';

const SCALARS = {
  boolean: { type: 'BOOLEAN' },
  int64: { type: 'INT64' },
  float: { type: 'FLOAT' },
  double: { type: 'DOUBLE' },
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
  /** A text, because many readers take the JSON type of Parquet for bytes. */
  json: { type: 'BYTE_ARRAY', converted_type: 'UTF8' },
} as const;

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
