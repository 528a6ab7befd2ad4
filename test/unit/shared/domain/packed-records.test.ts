import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PackedRecords } from '#forebay/shared/domain/packed-records.js';

const texts = fc.array(fc.string({ unit: 'grapheme' }));
const textsOf = (records: PackedRecords) =>
  Array.from({ length: records.length }, (_, at) => records.json(at));

it('is cut and joined like a list of texts', () => {
  fc.assert(
    fc.property(texts, texts, fc.nat(), fc.nat(), (list, more, a, b) => {
      const [from, to] = [a % (list.length + 1), b % (list.length + 1)].sort((x, y) => x - y) as [
        number,
        number,
      ];
      const part = PackedRecords.of(list).slice(from, to);
      expect(textsOf(part)).toEqual(list.slice(from, to));
      expect(part.own().toString()).toBe(list.slice(from, to).join(''));
      expect(textsOf(PackedRecords.join([part, PackedRecords.of(more)]))).toEqual([
        ...list.slice(from, to),
        ...more,
      ]);
    }),
  );
});
