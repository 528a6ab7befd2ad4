/** The columns that hold the fields of a result, as its JSON Schema describes them. */
import type { ResultColumn, StructField, ValueType } from '../domain/job/part-format.ts';
import type { ResultFields } from './result-schema.ts';

/** The list whose first object is the answer that most users want. It gets columns of its own. */
const BEST_FIRST = 'predictions';

export function columnsOfFields({ properties, required }: ResultFields): ResultColumn[] {
  return Object.entries(properties).flatMap(([field, schema]) =>
    columnsOfField(field, schema, !required.includes(field)),
  );
}

/** A sentence about two fields whose columns have the same name. Null if all names differ. */
export function sameColumns(fields: ResultFields): string | null {
  const before = new Map<string, ResultColumn>();
  for (const column of columnsOfFields(fields)) {
    const other = before.get(column.name);
    if (other !== undefined)
      return `${placeOf(other)} and ${placeOf(column)} both make the column "${column.name}" of CSV and Parquet; rename one of them`;
    before.set(column.name, column);
  }
  return null;
}

function placeOf({ source }: ResultColumn): string {
  switch (source.of) {
    case 'best':
      return `the "${source.key}" of the first of "${source.field}"`;
    case 'key':
      return `"${source.key}" in the field "${source.field}"`;
    case 'field':
    case 'input':
      return `the field "${source.field}"`;
  }
}

/** Whether two schemas of one field make the same columns. */
export function haveSameColumns(field: string, a: unknown, b: unknown): boolean {
  const text = (schema: unknown) => JSON.stringify(columnsOfField(field, schema, true));
  return text(a) === text(b);
}

function columnsOfField(field: string, schema: unknown, optional: boolean): ResultColumn[] {
  const members = propertiesOf(schema);
  if (members !== null) {
    return Object.entries(members).map(([key, member]) => ({
      name: `${field}.${key}`,
      type: memberType(member, mayLack(schema, key)),
      optional: mayLack(schema, key),
      source: { of: 'key', field, key },
    }));
  }
  const column: ResultColumn = {
    name: field,
    type: memberType(schema, optional),
    optional,
    source: { of: 'field', field },
  };
  return field === BEST_FIRST ? [...bestColumns(field), column] : [column];
}

function bestColumns(field: string): ResultColumn[] {
  return [
    { name: 'label', type: 'string', optional: true, source: { of: 'best', field, key: 'label' } },
    { name: 'score', type: 'double', optional: true, source: { of: 'best', field, key: 'score' } },
  ];
}

/** Whether a member of an object may be absent. Without a list of required members, none may. */
function mayLack(schema: unknown, key: string): boolean {
  const required: unknown = (schema as { readonly required?: unknown }).required;
  return Array.isArray(required) && !required.includes(key);
}

/** The members of an object with known names, else null. An object that may also have others is JSON, which keeps them. */
function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> | null {
  if (!isObject(schema) || schema['type'] !== 'object' || !isObject(schema['properties'])) return null;
  const { additionalProperties: others = false, patternProperties } = schema;
  return others === false && patternProperties === undefined ? schema['properties'] : null;
}

/** A null in a column with a type cannot be told from a field that is absent. So a field that may be both is JSON. */
function memberType(schema: unknown, optional: boolean): ValueType {
  return optional && withoutNull(schema) !== schema ? 'json' : typeOf(schema);
}

/** The schema without the null that it allows. A schema that allows no null is returned as it is. */
function withoutNull(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const { type } = schema;
  if (Array.isArray(type) && type.length === 2 && type.includes('null'))
    return { ...schema, type: (type as unknown[]).find((one) => one !== 'null') };
  const either = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(either) || either.length !== 2) return schema;
  const others = (either as unknown[]).filter((one) => !isObject(one) || one['type'] !== 'null');
  return others.length === 1 ? others[0] : schema;
}

/** What has no fixed type is JSON, and so is everything around it. */
function typeOf(given: unknown): ValueType {
  const schema = withoutNull(given);
  if (!isObject(schema)) return 'json';
  switch (schema['type']) {
    case 'boolean':
    case 'string':
      return schema['type'];
    case 'integer':
      return 'int64';
    case 'number':
      return schema['format'] === 'float' ? 'float' : 'double';
    case 'array': {
      const list = typeOf(schema['items']);
      return list === 'json' ? 'json' : { list };
    }
    case 'object':
      return structOf(schema);
    default:
      return 'json';
  }
}

function structOf(schema: Readonly<Record<string, unknown>>): ValueType {
  const members = propertiesOf(schema);
  if (members === null) return 'json';
  const required: unknown = schema['required'];
  const struct = Object.entries(members).map(([name, member]): StructField => {
    const optional = !(Array.isArray(required) && required.includes(name));
    return { name, type: memberType(member, optional), optional };
  });
  return struct.length === 0 || struct.some(({ type }) => type === 'json') ? 'json' : { struct };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
