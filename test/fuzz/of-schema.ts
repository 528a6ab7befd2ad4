// Generates values from the JSON schemas of an OpenAPI document. Most are valid, some have one wrong field, some are
// junk.
import fc, { type Arbitrary } from 'fast-check';
import type { ApiSchema } from '../support/api-document.ts';

type Schemas = Readonly<Record<string, ApiSchema>>;

/** Deeper than any schema of the API, so that recursion ends. */
const MAX_DEPTH = 8;

/** Any JSON value. */
const JUNK: Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3 });

/** Strings that have broken services before. */
const NASTY = fc.constantFrom(
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '/',
  '/etc/passwd',
  '//',
  '\0',
  'a\0b',
  '\u202e',
  '\ud800',
  '%00',
  '%2e%2e%2f',
  '**/**/**/**',
  '{'.repeat(64),
  '['.repeat(64),
  '!(*)'.repeat(16),
  '__proto__',
  'constructor',
  'toString',
  '1e999',
  'NaN',
  'x'.repeat(5_000),
  '$' + '{jndi}',
  "';--",
);

/** Values that this service knows, by property name. With them, requests pass the first checks. */
export type Known = Readonly<Record<string, readonly string[]>>;

export function createArbitraries(schemas: Schemas, known: Known) {
  function fitting(schema: ApiSchema, depth = 0, name = ''): Arbitrary<unknown> {
    if (depth > MAX_DEPTH) return JUNK;
    if (schema.$ref !== undefined)
      return fitting(schemas[schema.$ref.split('/').at(-1)!] ?? {}, depth + 1, name);
    if (schema.const !== undefined) return fc.constant(schema.const);
    if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
    const choices = schema.oneOf ?? schema.anyOf;
    if (choices !== undefined) return fc.oneof(...choices.map((choice) => spoilt(choice, depth + 1, name)));
    if (schema.allOf !== undefined) {
      const parts = schema.allOf.map((part) => fitting(part, depth + 1));
      return fc.tuple(...parts).map((values) => Object.assign({}, ...values) as unknown);
    }
    const [type = ''] = [schema.type ?? []].flat() as string[];
    switch (type) {
      case 'string':
        return text(schema, name);
      case 'integer':
      case 'number':
        return numeric(schema, type);
      case 'boolean':
        return fc.boolean();
      case 'null':
        return fc.constant(null);
      case 'array':
        return fc.array(spoilt(schema.items ?? {}, depth + 1, name), { maxLength: 5 });
      case 'object':
        return object(schema, depth);
      default:
        return JUNK;
    }
  }

  /** A valid value, or occasionally something else. */
  function spoilt(schema: ApiSchema, depth: number, name = ''): Arbitrary<unknown> {
    return fc.oneof(
      { weight: 60, arbitrary: fitting(schema, depth, name) },
      { weight: 1, arbitrary: JUNK },
      { weight: 1, arbitrary: NASTY },
    );
  }

  function text(schema: ApiSchema, name: string): Arbitrary<unknown> {
    return fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(...(known[name] ?? Object.values(known).flat())) },
      {
        weight: 2,
        arbitrary: fc.string({ unit: 'binary', maxLength: Math.min(schema.maxLength ?? 40, 40) }),
      },
      { weight: 1, arbitrary: NASTY },
    );
  }

  function object(schema: ApiSchema, depth: number): Arbitrary<unknown> {
    const properties = Object.entries(schema.properties ?? {}).map(
      ([name, property]) => [name, spoilt(property, depth + 1, name)] as const,
    );
    const whole = fc.record(Object.fromEntries(properties), {
      requiredKeys: (schema.required ?? []).filter((name) => name in (schema.properties ?? {})),
    });
    const extra = fc.dictionary(fc.oneof(fc.string(), NASTY), JUNK, { maxKeys: 2 });
    if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) {
      const values =
        schema.additionalProperties === true ? JUNK : spoilt(schema.additionalProperties, depth + 1);
      return fc.dictionary(fc.oneof(fc.string(), NASTY), values, { maxKeys: 20 });
    }
    return fc.oneof(
      { weight: 12, arbitrary: whole },
      { weight: 1, arbitrary: fc.tuple(whole, extra).map(([a, b]) => ({ ...a, ...b })) },
      { weight: 1, arbitrary: fc.record(Object.fromEntries(properties), { requiredKeys: [] }) },
    );
  }

  return { fitting, spoilt: (schema: ApiSchema, name = '') => spoilt(schema, 0, name), nasty: NASTY };
}

function numeric({ minimum, maximum }: ApiSchema, type: string): Arbitrary<unknown> {
  const low = Math.max(minimum ?? -1_000, Number.MIN_SAFE_INTEGER);
  const high = Math.min(maximum ?? 1_000_000, Number.MAX_SAFE_INTEGER);
  const edges = fc.constantFrom(low, high, low - 1, high + 1, 0, -1, 0.5, 1e300, Number.MAX_SAFE_INTEGER);
  const inside =
    type === 'integer'
      ? fc.integer({ min: low, max: high })
      : fc.double({ min: low, max: high, noNaN: true });
  return fc.oneof({ weight: 12, arbitrary: inside }, { weight: 1, arbitrary: edges });
}
