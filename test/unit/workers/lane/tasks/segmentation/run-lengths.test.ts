import { expect, it } from 'vitest';
import { compressCounts, createRunLengths } from '#forebay/workers/lane/tasks/segmentation/run-lengths.js';
import { createRandom } from '../../../../../support/random.ts';
import { decodeCounts } from '../../../../../support/decode-counts.ts';

// The expected texts come from pycocotools.mask.encode. The masks have 3 x 4 pixels, counted column by column.
it.each<[string, [number, number][], string]>([
  ['nothing', [], '<'],
  ['everything', [[0, 12]], '0<'],
  ['the first pixel', [[0, 1]], '01;'],
  ['the last pixel', [[11, 1]], ';1'],
  [
    'two columns that touch',
    [
      [3, 3],
      [6, 2],
    ],
    '354',
  ],
  [
    'every second pixel',
    [
      [1, 1],
      [3, 1],
      [5, 1],
    ],
    '1110005',
  ],
])('the mask of %s is written as pycocotools writes it', (_, runs, expected) => {
  const mask = createRunLengths();
  for (const [start, length] of runs) mask.add(start, length);
  expect(compressCounts(mask.counts(12))).toBe(expected);
});

it('decoding returns any mask unchanged', () => {
  const random = createRandom(7);
  for (let n = 0; n < 20; n++) {
    const runs = createRunLengths();
    const expected: number[] = [];
    while (expected.length < 100_000) {
      const length = 1 + Math.floor(random.next() ** 4 * 50_000);
      const isOn = random.next() < 0.5;
      if (isOn) runs.add(expected.length, length);
      for (let i = 0; i < length; i++) expected.push(isOn ? 1 : 0);
    }
    const text = compressCounts(runs.counts(expected.length));
    expect(Buffer.compare(decodeCounts(text, expected.length), Uint8Array.from(expected))).toBe(0);
    expect(runs.area).toBe(expected.reduce((sum, bit) => sum + bit, 0));
  }
});
