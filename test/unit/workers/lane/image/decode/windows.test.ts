// What a decoder plans for the models of an ensemble. shared-decoding.test.ts checks the pixels.
import { expect, it } from 'vitest';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { HELD_PIXELS } from '#forebay/workers/lane/image/decode/decoder.js';
import { planGeometry } from '#forebay/workers/lane/image/decode/geometry.js';
import { besideBytes, createWindows, regionOf } from '#forebay/workers/lane/image/decode/windows.js';
import { createResamplingKernel } from '#forebay/workers/lane/image/resample/kernel.js';
import { createPlanCache } from '#forebay/workers/lane/image/resample/plan-cache.js';
import { LIMITS } from '../../../../../support/lanes.ts';

const own = PREPROCESS.parse({ resize: 100, crop: 50 });
const other = PREPROCESS.parse({ resize: 60, crop: 60 });
const limits = { ...LIMITS, maxPixels: 30_000_000 };

function planFor(width: number, height: number, beside: (typeof own)[] = [other]) {
  const options = { ...own, ...limits, beside: () => beside };
  const kernel = createResamplingKernel();
  const windows = createWindows(options, { kernelAt: () => kernel, plans: createPlanCache() });
  return windows.plan({ width, height }, () => planGeometry({ width, height }, own));
}

it('the decoder fills in what all windows need, and their memory is counted', () => {
  const wide = planFor(800, 400);
  const alone = planFor(800, 400, []);
  expect(regionOf(alone)).toMatchObject({ width: 204, height: 204 });
  expect(besideBytes(alone)).toBe(0);
  expect(regionOf(wide)).toMatchObject({ top: 0, width: 406, height: 400 });
  expect(besideBytes(wide)).toBe(60 * 400 * 3);
  // The vertical pass comes first, so the kernel holds the region as it is.
  const tall = planFor(400, 1000);
  expect(besideBytes(tall)).toBe(400 * tall.beside!.windows[0]!.plan.region.height * 3);
});

it('a window that its model must make itself does not stop the others', () => {
  const tooLarge = PREPROCESS.parse({ resize: 4096, crop: 60 });
  expect(planFor(800, 400, [tooLarge, other]).beside?.windows.map(({ config }) => config)).toEqual([other]);
  expect(planFor(HELD_PIXELS / 4000, 4000).beside).toBeDefined();
  expect(planFor(HELD_PIXELS / 4000 + 1, 4000).beside).toBeUndefined();
});
