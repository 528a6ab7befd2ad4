import { expect, it } from 'vitest';
import { PackedRecords } from '#forebay/shared/domain/packed-records.js';
import { joinRows, listOf } from '#forebay/workers/lane/lane-rows.js';

const packed = PackedRecords.of(['{"a":1}', '{"a":"é"}']);

it('joins packed records without unpacking them', () => {
  const joined = joinRows([packed, packed.slice(1)]);
  expect(joined).toBeInstanceOf(PackedRecords);
  expect(listOf(joined)).toEqual([{ json: '{"a":1}' }, { json: '{"a":"é"}' }, { json: '{"a":"é"}' }]);
});

it('joins packed records and other rows to a list, in order', () => {
  const file = { path: '/x', tenant: 't' };
  expect(joinRows([[file], packed.slice(0, 1), [{ json: '{}' }]])).toEqual([
    file,
    { json: '{"a":1}' },
    { json: '{}' },
  ]);
});
