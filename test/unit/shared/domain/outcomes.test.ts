import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  amongFailed,
  failedOutcomes,
  joinOutcomes,
  packOutcomes,
  sliceOutcomes,
  unpackOutcomes,
} from '#forebay/shared/domain/outcomes.js';
import type { RowError, RowOutcome } from '#forebay/shared/domain/row.js';

const text = fc.string({ unit: 'grapheme' });
const outcome = fc.oneof(
  text.map((result): RowOutcome => ({ ok: true, result })),
  text.map((message): RowOutcome => ({ ok: false, error: { code: 'invalid_row', message } })),
);
const outcomes = fc.array(outcome);

it('gives back what was packed, also from another process', () => {
  fc.assert(
    fc.property(outcomes, (list) => {
      expect(unpackOutcomes(deserialize(serialize(packOutcomes(list))))).toEqual(list);
    }),
  );
});

it('is cut and joined like a list', () => {
  fc.assert(
    fc.property(outcomes, fc.nat(), fc.nat(), (list, a, b) => {
      const [from, to] = [a % (list.length + 1), b % (list.length + 1)].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const packed = packOutcomes(list);
      const middle = sliceOutcomes(packed, from, to);
      expect(unpackOutcomes(middle)).toEqual(list.slice(from, to));
      const again = [sliceOutcomes(packed, 0, from), middle, sliceOutcomes(packed, to, list.length)];
      expect(unpackOutcomes(joinOutcomes(again))).toEqual(list);
    }),
  );
});

it('puts rows that failed earlier among the others', () => {
  const late: RowError = { code: 'empty_file', message: 'early' };
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), outcome)), (rows) => {
      const errors = rows.map(([early]) => (early ? late : null));
      const others = rows.flatMap(([early, one]) => (early ? [] : [one]));
      // As part of a larger batch.
      const packed = sliceOutcomes(
        packOutcomes([{ ok: true, result: 'x' }, ...others]),
        1,
        others.length + 1,
      );
      expect(unpackOutcomes(amongFailed(errors, packed))).toEqual(
        rows.map(([early, one]) => (early ? { ok: false, error: late } : one)),
      );
    }),
  );
});

it('can say of all rows that they failed', () => {
  const error: RowError = { code: 'timed_out', message: 'too slow' };
  expect(unpackOutcomes(failedOutcomes(2, error))).toEqual([
    { ok: false, error },
    { ok: false, error },
  ]);
});
