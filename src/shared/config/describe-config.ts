/** Describes every setting for the documentation, from its declaration. */
import { ANY_COUNT, flagName, type Setting, type Values } from './setting.ts';
import { SETTING_GROUPS } from './setting-groups.ts';

export interface SettingDescription {
  readonly group: string;
  /** The environment variable. */
  readonly name: string;
  /** What it sets, as a phrase. */
  readonly what: string;
  /** The trade-offs, in whole sentences. */
  readonly trade: string;
  /** The default: a value of the variable, or a phrase. */
  readonly fallback: string;
  /** The unit with the range, or the choices. */
  readonly values: string;
  /** The option of commands that sets it, such as `--lanes`, or null. */
  readonly flag: string | null;
  /** The value that a flag without an argument stands for. */
  readonly flagMeans: string | null;
}

export function describeConfig(): SettingDescription[] {
  return Object.entries(SETTING_GROUPS).flatMap(([group, settings]) =>
    Object.values<Setting<unknown>>(settings).map((setting) => describe(group, setting)),
  );
}

function describe(group: string, setting: Setting<unknown>): SettingDescription {
  const { env, what, trade, flag, values } = setting;
  return {
    group,
    name: env,
    what,
    trade,
    fallback: fallbackOf(setting),
    values: valuesText(values),
    flag: flag === undefined ? null : flagName(flag),
    flagMeans: flag?.means ?? null,
  };
}

/** The default, or the text for a setting without one. Throws if a setting declares neither. */
export function fallbackOf({ env, values, unset }: Setting<unknown>): string {
  const fixed = 'fallback' in values ? values.fallback : undefined;
  const fallback = fixed ?? unset;
  if (fallback === undefined) throw new Error(`${env} has neither a default nor a text that replaces it`);
  return String(fallback);
}

function valuesText(values: Values): string {
  switch (values.kind) {
    case 'text':
      return values.minLength === undefined ? 'text' : `text of at least ${values.minLength} characters`;
    case 'list':
      return 'text';
    case 'choice':
      return values.choices.join(', ');
    case 'number': {
      const { min, max, unit } = values;
      const range = max === ANY_COUNT ? `at least ${min}` : `${min} to ${max}`;
      return unit === undefined ? range : `${unit}, ${range}`;
    }
  }
}
