// JSON is cut into its members without parsing their values.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstItem, rawMembers, rawObject } from '#forebay/shared/sinks/table/raw-members.js';

it('every value is the text that JSON.stringify writes for it', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const text = JSON.stringify(object);
      const expected = Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]);
      expect([...rawMembers(text.slice(1, -1))]).toEqual(expected);
      expect([...rawObject(text)!]).toEqual(expected);
    }),
  );
});

it('the first item of a list is the text that JSON.stringify writes for it', () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { minLength: 1 }), (list) => {
      expect(firstItem(JSON.stringify(list))).toBe(JSON.stringify(list[0]));
    }),
  );
  expect([firstItem('[]'), firstItem('"text"'), rawObject('[1]'), rawObject('null')]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

it('whole numbers of any size stay as they are', () => {
  expect(rawMembers('"a":18446744073709551615,"b":[1]').get('a')).toBe('18446744073709551615');
});

it.each(['a:1', '"a" :1', '"a":1]', '"a', '"a":"x'])(
  'text that is not compact JSON is refused: %s',
  (text) => {
    expect(() => rawMembers(text)).toThrow('a result is not compact JSON');
  },
);
