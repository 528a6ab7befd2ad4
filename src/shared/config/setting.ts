/**
 * One declaration per setting. The environment parser, the flags of the command line, their help and docs/settings.md
 * are derived from it. Imports nothing, because every command loads it.
 */

/** A setting whose value has the type `Value` once it is read. */
export interface Setting<out Value> {
  /** The environment variable. */
  readonly env: string;
  /** What it sets, as a phrase. The help of its flag shows the same phrase. */
  readonly what: string;
  /** The benefit and the cost of a change, or what to know before changing it. One or two sentences. */
  readonly trade: string;
  /** Describes the behaviour if the variable is not set and there is no fixed default. */
  readonly unset?: string;
  readonly flag?: Flag;
  readonly values: Values;
  /** Carries only the type, for the compiler. It is never set. */
  readonly type?: Value;
}

/** The option of a command that sets the variable. */
export interface Flag {
  /** In commander's syntax: `--lanes <n>`. */
  readonly usage: string;
  /** The value that the bare flag stands for. Such a flag takes no value. */
  readonly means?: string;
  /** The phrase in the help, if the setting's own phrase does not fit there. */
  readonly what?: string;
  /** The default in the help, if it differs from the setting's own default. */
  readonly unset?: string;
}

/** `--lanes <n>` -> `--lanes`. */
export function flagName({ usage }: Flag): string {
  return usage.split(' ')[0]!;
}

/** The values that the text of a variable may have. */
export type Values =
  | { readonly kind: 'text'; readonly minLength?: number; readonly fallback?: string }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly fallback: string }
  | {
      readonly kind: 'number';
      readonly whole: boolean;
      readonly min: number;
      readonly max: number;
      readonly fallback?: number;
      /** For the documentation. */
      readonly unit?: string;
      /** Converts the unit of the variable to that of the configuration, such as MB to bytes. */
      readonly factor: number;
    }
  /** With the separator ":", folders. They are absolute, or relative to the working folder. */
  | { readonly kind: 'list'; readonly separator: ',' | ':' };

type Texts = Pick<Setting<unknown>, 'env' | 'what' | 'trade' | 'unset' | 'flag'>;
type Range = { readonly min?: number; readonly max?: number };
type Fallback<T> = { readonly fallback: T };

const MOST = 1_000_000;
/** For counts without a limit. */
export const ANY_COUNT = Number.MAX_SAFE_INTEGER;

export function text(given: Texts & Fallback<string>): Setting<string>;
export function text(given: Texts & { readonly minLength?: number }): Setting<string | undefined>;
export function text({
  minLength,
  fallback,
  ...texts
}: Texts & { readonly minLength?: number; readonly fallback?: string }): Setting<string | undefined> {
  return {
    ...texts,
    values: {
      kind: 'text',
      ...(minLength !== undefined && { minLength }),
      ...(fallback !== undefined && { fallback }),
    },
  };
}

export function choice<const C extends string>({
  choices,
  fallback,
  ...texts
}: Texts & { readonly choices: readonly C[]; readonly fallback: NoInfer<C> }): Setting<C> {
  return { ...texts, values: { kind: 'choice', choices, fallback } };
}

/** Comma-separated names. */
export function names(texts: Texts): Setting<string[]> {
  return { ...texts, values: { kind: 'list', separator: ',' } };
}

/** ":"-separated folders. */
export function folders(texts: Texts): Setting<string[]> {
  return { ...texts, values: { kind: 'list', separator: ':' } };
}

/** A whole number. */
export function count(given: Texts & Range & Fallback<number>): Setting<number>;
export function count(given: Texts & Range): Setting<number | undefined>;
export function count(given: Texts & Range & Partial<Fallback<number>>): Setting<number | undefined> {
  return number(given, { whole: true, factor: 1 });
}

/** Megabytes. They are bytes once they are read. */
export function megabytes(given: Texts & Range & Fallback<number>): Setting<number>;
export function megabytes(given: Texts & Range): Setting<number | undefined>;
export function megabytes(given: Texts & Range & Partial<Fallback<number>>): Setting<number | undefined> {
  return number(given, { whole: true, factor: 1024 * 1024, unit: 'MB' });
}

/** Megapixels. They are pixels once they are read. */
export function megapixels(given: Texts & Range & Fallback<number>): Setting<number> {
  return number(given, { whole: true, factor: 1_000_000, unit: 'megapixels' });
}

/** How many times larger one thing may be than another. */
export function ratio(given: Texts & Range & Fallback<number>): Setting<number> {
  return number(given, { whole: true, factor: 1, unit: 'times' });
}

export function perSecond(given: Texts & Range & Fallback<number>): Setting<number> {
  return number(given, { whole: true, factor: 1, unit: 'per second' });
}

/** Whole seconds. They stay seconds once they are read. */
export function seconds(given: Texts & Range & Fallback<number>): Setting<number> {
  return number(given, { whole: true, factor: 1, unit: 'seconds' });
}

/** Whole seconds. They are milliseconds once they are read. */
export function secondsAsMs(given: Texts & Range & Fallback<number>): Setting<number> {
  return number(given, { whole: true, factor: 1000, unit: 'seconds' });
}

/** Seconds with a fraction. They are milliseconds once they are read. */
export function shortTime(given: Texts & Fallback<number>): Setting<number> {
  return number({ min: 0.05, max: 3600, ...given }, { whole: false, factor: 1000, unit: 'seconds' });
}

function number(
  { min = 1, max = MOST, fallback, ...texts }: Texts & Range & Partial<Fallback<number>>,
  rest: { readonly whole: boolean; readonly factor: number; readonly unit?: string },
): Setting<number> {
  return {
    ...texts,
    values: { kind: 'number', min, max, ...(fallback !== undefined && { fallback }), ...rest },
  };
}
