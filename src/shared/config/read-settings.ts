/** Reads settings from the environment by a zod schema that is derived from their declarations. */
import { z } from 'zod';
import { ForebayError } from '../errors.ts';
import type { Setting } from './setting.ts';

export type SettingValues<Settings> = {
  readonly [Name in keyof Settings]: Settings[Name] extends Setting<infer Value> ? Value : never;
};

/** Ignores unknown variables. Throws ForebayError `config_invalid` that names every variable that is wrong. */
export function readSettings<Settings extends Readonly<Record<string, Setting<unknown>>>>(
  settings: Settings,
  env: NodeJS.ProcessEnv,
): SettingValues<Settings> {
  const entries = Object.entries(settings);
  const schema = z.object(Object.fromEntries(entries.map(([, setting]) => [setting.env, schemaOf(setting)])));
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((i) => ({ path: `/${i.path.join('/')}`, message: i.message }));
    throw new ForebayError(
      'config_invalid',
      `Settings are invalid: ${issues.map((i) => `${i.path.slice(1)}: ${i.message}`).join('; ')}`,
      { issues },
    );
  }
  const values = Object.fromEntries(entries.map(([name, setting]) => [name, parsed.data[setting.env]]));
  return values as SettingValues<Settings>;
}

function schemaOf({ values }: Setting<unknown>): z.ZodType {
  switch (values.kind) {
    case 'text': {
      const text = z.string().min(values.minLength ?? 0);
      return values.fallback === undefined ? text.optional() : text.default(values.fallback);
    }
    case 'choice':
      return z.enum(values.choices).default(values.fallback);
    case 'number':
      return numberOf(values);
    case 'list':
      return z
        .string()
        .default('')
        .transform((text) => partsOf(text, values.separator));
  }
}

function numberOf(values: Extract<Setting<unknown>['values'], { kind: 'number' }>): z.ZodType {
  const { min, max, whole, fallback, factor } = values;
  const range = z.coerce.number().min(min).max(max);
  const number = whole ? range.int() : range;
  const given = fallback === undefined ? number.optional() : number.default(fallback);
  return given.transform((value) => (value === undefined ? undefined : value * factor));
}

/** The ":" after the scheme of a URL, which does not separate entries. */
const SEPARATORS = { ',': /,/, ':': /(?<!(?:^|:)\s*[a-z][a-z0-9+.-]*(?=:\/\/)):/i } as const;

function partsOf(text: string, separator: ',' | ':'): string[] {
  return text
    .split(SEPARATORS[separator])
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
