/** Describes every setting for documentation, from the schema that parses it. */
import { z } from 'zod';
import { SETTING_GROUPS } from './config.ts';

export interface SettingDescription {
  readonly group: string;
  readonly name: string;
  /** What it sets and what it trades. */
  readonly description: string;
  /** As it would be written in the environment, or words; null without one. */
  readonly fallback: string | null;
  /** Unit, and the range or the choices. */
  readonly values: string;
}

export function describeConfig(): SettingDescription[] {
  return Object.entries(SETTING_GROUPS).flatMap(([group, settings]) =>
    Object.entries<z.ZodType>(settings).map(([name, schema]) => ({ group, name, ...describe(name, schema) })),
  );
}

/** By the end of a name, longest first: the unit is part of every name that has one. */
const UNITS: readonly (readonly [string, string])[] = [
  ['_PER_S', 'per second'],
  ['_S', 'seconds'],
  ['_MB', 'MB'],
  ['_MEGAPIXELS', 'megapixels'],
  ['_RATIO', 'times'],
  ['_GROWTH', 'times'],
];

function describe(name: string, schema: z.ZodType): Omit<SettingDescription, 'group' | 'name'> {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const [description = '', words] = (schema.description ?? '').split(/ Default: /);
  const unset = json.default === undefined || json.default === '';
  const fallback = unset
    ? null
    : typeof json.default === 'string'
      ? json.default
      : JSON.stringify(json.default);
  return {
    description,
    fallback: fallback ?? words?.replace(/\.$/, '') ?? null,
    values: json.enum ? json.enum.join(', ') : rangeOf(json, unitOf(name)),
  };
}

function unitOf(name: string): string {
  return UNITS.find(([end]) => name.endsWith(end))?.[1] ?? '';
}

function rangeOf({ minimum, maximum, minLength }: z.core.JSONSchema.BaseSchema, unit: string): string {
  if (minLength !== undefined) return `text of at least ${minLength} characters`;
  if (minimum === undefined) return 'text';
  const open = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER;
  const range = open ? `at least ${minimum}` : `${minimum} to ${maximum}`;
  return unit === '' ? range : `${unit}, ${range}`;
}
