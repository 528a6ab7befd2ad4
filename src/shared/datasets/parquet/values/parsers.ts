/** Turns dates, times and texts into what JSON can hold. */
import type { SchemaElement } from 'hyparquet';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { dateText, momentText } from '../../../text/moment-text.ts';
import { BAD_TEXT, textOf } from './bad-text.ts';

type Parsers = Omit<typeof DEFAULT_PARSERS, 'stringFromBytes'> & {
  stringFromBytes(bytes: Uint8Array): unknown;
};

/**
 * `2026-01-02T03:04:05.006007Z`, with as many digits as the unit has. A local time has no `Z`, and neither has an INT96,
 * which says nothing about a time zone.
 */
export function parsersOf(
  { type, logical_type: logical }: SchemaElement,
  onBadText: () => void = () => {},
): Parsers {
  const isLocal = type === 'INT96' || (logical?.type === 'TIMESTAMP' && !logical.isAdjustedToUTC);
  const zone = isLocal ? '' : 'Z';
  const text = (bytes: Uint8Array) => {
    const found = textOf(bytes);
    if (found === BAD_TEXT) onBadText();
    return found;
  };
  const moment = (value: bigint, perSecond: bigint) => momentText(BigInt(value), perSecond, zone);
  return {
    ...DEFAULT_PARSERS,
    timestampFromMilliseconds: (value) => moment(value, 1_000n),
    timestampFromMicroseconds: (value) => moment(value, 1_000_000n),
    timestampFromNanoseconds: (value) => moment(value, 1_000_000_000n),
    dateFromDays: dateText,
    stringFromBytes: text,
    jsonFromBytes: (bytes) => json(text(bytes)),
    // Shapes on a map stay bytes.
    geometryFromBytes: (bytes) => bytes,
    geographyFromBytes: (bytes) => bytes,
  };
}

/** Text that is not JSON stays text, so that it costs no other row. */
function json(text: ReturnType<typeof textOf>): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
