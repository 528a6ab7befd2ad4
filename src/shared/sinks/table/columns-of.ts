/** The columns of a model's results. They follow from the result schema of its task, so a new task needs no code here. */
import type { ResultColumn, StructField, ValueType } from '../../domain/job/part-format.ts';
import type { ModelConfig } from '../../domain/model/model-config.ts';
import { resultSchemaOf } from '../../tasks/result-schema.ts';
import { taskOf } from '../../tasks/task-descriptions.ts';

/** The list whose first object is the answer that most users want. It gets columns of its own. */
const BEST_FIRST = 'predictions';

/** `config`: null if nobody knows it. */
export function columnsOf(config: ModelConfig | null): ResultColumn[] {
  const { properties, required } = resultSchemaOf(taskOf(config), config);
  return Object.entries(properties).flatMap(([field, schema]) =>
    columnsOfField(field, schema, !required.includes(field)),
  );
}

function columnsOfField(field: string, schema: unknown, optional: boolean): ResultColumn[] {
  const members = propertiesOf(schema);
  if (members !== null) {
    return Object.entries(members).map(([key, member]) => ({
      name: `${field}.${key}`,
      type: typeOf(member),
      optional: false,
      source: { of: 'key', field, key },
    }));
  }
  const column: ResultColumn = {
    name: field,
    type: typeOf(schema),
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

/** The members of an object with known names, else null. */
function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> | null {
  if (!isObject(schema) || schema['type'] !== 'object' || !isObject(schema['properties'])) return null;
  return schema['properties'];
}

/** What has no fixed type is JSON, and so is everything around it. */
function typeOf(schema: unknown): ValueType {
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
    return { name, type: typeOf(member), optional };
  });
  return struct.length === 0 || struct.some(({ type }) => type === 'json') ? 'json' : { struct };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
