/** The type that a column of a Parquet file has in the output of a job. */
import type { SchemaElement, SchemaTree } from 'hyparquet';
import { isListLike } from 'hyparquet/src/schema.js';
import type { ValueType } from '../../../domain/job/part-format.ts';

/** What has no type of its own is JSON, and so is everything around it. */
export function columnType(node: SchemaTree): ValueType {
  const { element, children } = node;
  if (element.repetition_type === 'REPEATED') return 'json';
  if (children.length === 0) return leafType(element);
  if (isListLike(node)) {
    const list = itemType(children[0]!);
    return list === 'json' ? 'json' : { list };
  }
  if (element.converted_type !== undefined || element.logical_type !== undefined) return 'json';
  const struct = children.map((child) => ({
    name: child.element.name,
    type: columnType(child),
    optional: false,
  }));
  return struct.some(({ type }) => type === 'json') ? 'json' : { struct };
}

/** `repeated`: the level between a list and its items. */
function itemType(repeated: SchemaTree): ValueType {
  const [item, ...others] = repeated.children;
  return item === undefined || others.length > 0 ? 'json' : columnType(item);
}

const UNITS = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const;

function leafType({ type, converted_type: kind, logical_type: logical }: SchemaElement): ValueType {
  if (kind === 'DECIMAL') return 'double';
  if (logical?.type === 'TIMESTAMP') {
    const name = `timestamp_${UNITS[logical.unit]}` as const;
    return logical.isAdjustedToUTC ? name : `local_${name}`;
  }
  if (logical?.type === 'TIME') return 'string';
  switch (type) {
    case 'BOOLEAN':
      return 'boolean';
    case 'INT32':
      if (kind === 'DATE') return 'date';
      return kind === 'UINT_32' ? 'int64' : 'int32';
    case 'INT64':
      if (kind === 'TIMESTAMP_MILLIS') return 'timestamp_ms';
      if (kind === 'TIMESTAMP_MICROS') return 'timestamp_us';
      return kind === 'UINT_64' ? 'json' : 'int64';
    case 'INT96':
      return 'local_timestamp_ns';
    case 'FLOAT':
      return 'float';
    case 'DOUBLE':
      return 'double';
    case 'BYTE_ARRAY':
      if (kind === 'UTF8' || kind === 'ENUM' || logical?.type === 'STRING') return 'string';
      return kind === 'JSON' ? 'json' : 'bytes';
    case 'FIXED_LEN_BYTE_ARRAY':
      if (logical?.type === 'UUID') return 'string';
      return logical?.type === 'FLOAT16' ? 'float' : 'bytes';
    case undefined:
    default:
      return 'json';
  }
}
