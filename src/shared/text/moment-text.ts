/** Dates and times as text (ISO 8601), and back. */

const DAY_MS = 86_400_000;
/** A date or time beyond JavaScript's range is written as a plain number. */
const BEYOND = /^-?\d+$/;

/** `days`: since 1970. */
export function dateText(days: number): string {
  return isoText(days * DAY_MS)?.slice(0, -TIME_CHARS) ?? String(days);
}

/** `T00:00:00.000Z` */
const TIME_CHARS = 14;

/** Null: the text is no date. */
export function daysOf(text: string): number | null {
  if (BEYOND.test(text)) return Number(text);
  const ms = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(ms) ? null : ms / DAY_MS;
}

/** `value`: units since 1970, `perSecond` of them a second. `zone`: `Z`, or nothing for a local time. */
export function momentText(value: bigint, perSecond: bigint, zone: string): string {
  let rest = value % perSecond;
  if (rest < 0n) rest += perSecond;
  const seconds = isoText(Number((value - rest) / perSecond) * 1000);
  // JavaScript's dates end in the year 275,760.
  if (seconds === null) return String(value);
  const digits = String(rest)
    .padStart(String(perSecond).length - 1, '0')
    .replace(/(?:000)+$/, '');
  return seconds.slice(0, seconds.indexOf('.')) + (digits === '' ? '' : `.${digits}`) + zone;
}

/** The reverse of `momentText`. Null: the text is no time. */
export function momentOf(text: string, perSecond: bigint): bigint | null {
  if (BEYOND.test(text)) return BigInt(text);
  const [, seconds, digits = ''] = /^(.+T\d\d:\d\d:\d\d)(?:\.(\d+))?Z?$/.exec(text) ?? [];
  const ms = seconds === undefined ? Number.NaN : Date.parse(`${seconds}Z`);
  if (Number.isNaN(ms)) return null;
  const places = String(perSecond).length - 1;
  return (BigInt(ms) / 1000n) * perSecond + BigInt(digits.padEnd(places, '0').slice(0, places));
}

function isoText(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
