import { expect, it } from 'vitest';
import type { DecodedWindow } from '#forebay/workers/lane/image/decode/decoder.js';
import type { Geometry } from '#forebay/workers/lane/image/decode/geometry.js';
import { createSharedImages } from '#forebay/workers/lane/image/shared-images.js';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';

const row = { bytes: new Uint8Array() };
const geometry = {} as Geometry;
const window = (...pixels: number[]): DecodedWindow => ({ pixels: () => Uint8Array.from(pixels) });
const given = (shelf: ReturnType<ReturnType<typeof createSharedImages>['shelfOf']>) => {
  const taken: number[] = [];
  return shelf.give(row, (found) => taken.push(...found.pixels())) ? taken : null;
};

it('a model takes the pixels that another one has decoded in the same way, whatever it makes of them', () => {
  const images = createSharedImages();
  const first = images.shelfOf(PREPROCESS.parse({ crop: 8, mean: [1, 1, 1] }));
  const second = images.shelfOf(PREPROCESS.parse({ crop: 8, color_order: 'bgr' }));
  const other = images.shelfOf(PREPROCESS.parse({ crop: 9 }));
  expect(given(second)).toBeNull();
  first.keep(row, window(1, 2, 3), geometry);
  expect(given(second)).toEqual([1, 2, 3]);
  expect(given(other)).toBeNull();
});

it('pixels that no other model wants are not kept', () => {
  const shelf = createSharedImages().shelfOf(PREPROCESS.parse({ crop: 8 }));
  shelf.keep(row, window(1), geometry);
  expect(given(shelf)).toBeNull();
});
