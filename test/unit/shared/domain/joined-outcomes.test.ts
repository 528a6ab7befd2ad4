import { expect, it } from 'vitest';
import { joinLimit } from '#forebay/shared/domain/join.js';
import { withJoined } from '#forebay/shared/domain/joined-outcomes.js';
import { packOutcomes, sliceOutcomes, unpackOutcomes } from '#forebay/shared/domain/outcomes.js';
import { PackedRecords } from '#forebay/shared/domain/packed-records.js';

const bad = { ok: false, error: { code: 'invalid_row', message: 'no' } } as const;
const ok = (result: string) => ({ ok: true, result }) as const;

it('the values of a row follow its result, and those of a failed row are dropped', () => {
  const all = packOutcomes([ok('"x":9'), ok('"p":"é"'), bad, ok(''), ok('"p":2')]);
  const parts = [sliceOutcomes(all, 1, 3), sliceOutcomes(all, 3, 5)];
  const joined = PackedRecords.of(['{"a":"ü"}', '', '{"a":3}', '{}']);
  expect(withJoined(parts, joined, 100).flatMap(unpackOutcomes)).toEqual([
    ok('"p":"é","a":"ü"'),
    bad,
    ok('"a":3'),
    ok('"p":2'),
  ]);
});

it('values above the limit cost their row', () => {
  const joined = PackedRecords.of(['{"a":1}', '{"a":22}']);
  const [first, second] = withJoined([packOutcomes([ok('"p":1'), ok('"p":2')])], joined, 5).flatMap(
    unpackOutcomes,
  );
  expect([first, second]).toMatchObject([ok('"p":1,"a":1'), { ok: false, error: { code: 'join_failed' } }]);
});

it('a string in place of the values says why the row fails', () => {
  const joined = PackedRecords.of(['{"a":1}', '"it has \\"x\\""']);
  const rows = withJoined([packOutcomes([ok('"p":1'), ok('"p":2')])], joined, 100).flatMap(unpackOutcomes);
  const error = { code: 'join_failed', message: 'it has "x"' };
  expect(rows).toEqual([ok('"p":1,"a":1'), { ok: false, error }]);
});

it('a block has at most 256 MB of joined values, whatever its rows are', () => {
  for (const rows of [1, 16, 1024, 10_000]) expect(joinLimit(rows) * rows).toBeLessThanOrEqual(256 * 2 ** 20);
  expect(joinLimit(1)).toBe(16 * 2 ** 20);
});
