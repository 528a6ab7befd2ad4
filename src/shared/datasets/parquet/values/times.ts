/** Times of day, which the decoder leaves as numbers. */
import type { SchemaElement } from 'hyparquet';
import type { Values } from '../pages/decode-page.ts';

const PER_SECOND = { MILLIS: 1_000n, MICROS: 1_000_000n, NANOS: 1_000_000_000n };

/** `01:02:03.000004`. Other values are returned as they are. */
export function timesOf(values: Values, { logical_type: type }: SchemaElement): Values {
  if (type?.type !== 'TIME') return values;
  const perSecond = PER_SECOND[type.unit];
  return Array.from(values, (value) =>
    typeof value === 'number' || typeof value === 'bigint' ? timeText(BigInt(value), perSecond) : value,
  );
}

function timeText(value: bigint, perSecond: bigint): string {
  const seconds = Number(value / perSecond);
  const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
  const rest = value % perSecond;
  const digits = String(rest).padStart(String(perSecond).length - 1, '0');
  const whole = `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return rest === 0n ? whole : `${whole}.${digits}`;
}
