/** Parsers of option values. Each throws commander's InvalidArgumentError with a sentence. */
import { InvalidArgumentError } from 'commander';
import { ERROR_SHARE, type MaxErrors } from '../../shared/domain/option.ts';

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

export function wholeNumberOrAuto(min: number, max: number): (text: string) => number | 'auto' {
  const read = wholeNumber(min, max);
  return (text) => {
    if (text === 'auto') return 'auto';
    try {
      return read(text);
    } catch {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}, or "auto".`);
    }
  };
}

export function numberWithin(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a number from ${min} to ${max}.`);
  };
}

/** A count, or a percentage such as `1%`. */
export function maxErrors(text: string): MaxErrors {
  if (ERROR_SHARE.test(text)) return text;
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text))) return Number(text);
  throw new InvalidArgumentError('It must be a count such as 10, or a percentage of the rows such as 1%.');
}

/** Collects `--metadata key=value --metadata key2=value2`. */
export function keyValue(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be KEY=VALUE.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** Collects the values of a repeatable option. */
export function several(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** Collects `--select a,b --select c`. */
export function names(text: string, before: readonly string[] = []): string[] {
  const found = text.split(',').map((name) => name.trim());
  if (found.includes('')) throw new InvalidArgumentError('It must be names with commas between them.');
  return [...new Set([...before, ...found])];
}

/** `all`, or names. */
export function allOrNames(text: string, before?: true | readonly string[]): true | string[] {
  if (text !== 'all' && before !== true) return names(text, before);
  if (text === 'all' && before === undefined) return true;
  throw new InvalidArgumentError('Give either all, or names.');
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Converts a time such as `90d` to seconds. */
export function seconds(text: string): number {
  const parts = /^([1-9]\d{0,8})([smhd])$/.exec(text);
  if (!parts) throw new InvalidArgumentError('It must be a time such as 30m, 12h or 90d.');
  return Number(parts[1]) * UNITS[parts[2]!]!;
}

/** A base URL without a slash at its end. */
export function httpUrl(text: string): string {
  const candidate = /^https?:\/\//.test(text) ? text : `http://${text}`;
  if (!URL.canParse(candidate))
    throw new InvalidArgumentError('It must be a URL such as http://127.0.0.1:8080.');
  const { username, password } = new URL(candidate);
  if (username !== '' || password !== '')
    throw new InvalidArgumentError('It must not contain a user or password. Give a key with --api-key-file.');
  return candidate.replace(/\/+$/, '');
}
