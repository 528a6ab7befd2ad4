import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rawFields } from '#forebay/shared/text/raw-fields.js';

it('finds the fields that JSON.parse finds, however they are spaced', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), fc.jsonValue()),
      fc.constantFrom(undefined, 1, '\t'),
      (value, space) => {
        const text = ` ${JSON.stringify(value, null, space)}\r\n`;
        const found = [...rawFields(text)].map(([name, raw]) => [name, JSON.parse(raw) as unknown]);
        expect(found).toEqual(Object.entries(JSON.parse(text) as object));
      },
    ),
  );
});

it('keeps long numbers, and the last of two fields with one name', () => {
  const text = '{"a": 1, "n" : 12345678901234567890.10 ,"a":[ {"}":"\\\\"} ]}';
  expect([...rawFields(text)]).toEqual([
    ['a', '[ {"}":"\\\\"} ]'],
    ['n', '12345678901234567890.10'],
  ]);
});
