/** Turns dates, times and texts into what JSON can hold. */
import type { SchemaElement } from 'hyparquet';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';

type Parsers = typeof DEFAULT_PARSERS;

/** `2026-01-02T03:04:05.006007Z`, with as many digits as the unit has. A local time has no `Z`. */
export function parsersOf({ logical_type: type }: SchemaElement): Parsers {
  const zone = type?.type === 'TIMESTAMP' && !type.isAdjustedToUTC ? '' : 'Z';
  const moment = (value: bigint, perSecond: bigint) => momentText(BigInt(value), perSecond, zone);
  return {
    ...DEFAULT_PARSERS,
    timestampFromMilliseconds: (value) => moment(value, 1_000n),
    timestampFromMicroseconds: (value) => moment(value, 1_000_000n),
    timestampFromNanoseconds: (value) => moment(value, 1_000_000_000n),
    dateFromDays: (days) => isoText(days * 86_400_000)?.slice(0, 10) ?? String(days),
    stringFromBytes: text,
    jsonFromBytes: json,
    // Shapes on a map stay bytes.
    geometryFromBytes: (bytes) => bytes,
    geographyFromBytes: (bytes) => bytes,
  };
}

/** Many times faster than a TextDecoder for short texts. */
function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Text that is not JSON stays text, so that it costs no other row. */
function json(bytes: Uint8Array): unknown {
  const found = text(bytes);
  try {
    return JSON.parse(found);
  } catch {
    return found;
  }
}

function momentText(value: bigint, perSecond: bigint, zone: string): string {
  let rest = value % perSecond;
  if (rest < 0n) rest += perSecond;
  const seconds = isoText(Number((value - rest) / perSecond) * 1000);
  // Beyond the year 275,760, where JavaScript has no dates.
  if (seconds === null) return String(value);
  const digits = String(rest)
    .padStart(String(perSecond).length - 1, '0')
    .replace(/(?:000)+$/, '');
  return seconds.slice(0, seconds.indexOf('.')) + (digits === '' ? '' : `.${digits}`) + zone;
}

function isoText(ms: number): string | null {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? null : date.toISOString();
}
