import { expect, it } from 'vitest';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { planGeometry } from '#forebay/workers/lane/image/decode/geometry.js';
import { createPlanCache, type SizePlan } from '#forebay/workers/lane/image/resample/plan-cache.js';
import { planResampling } from '#forebay/workers/lane/image/resample/pillow-resampler.js';

const config = (over: object = {}) =>
  PREPROCESS.parse({ resize: 64, crop: 56, interpolation: 'bicubic', ...over });
const size = { width: 80, height: 70 };

it('plans are shared by configs that plan alike, and by no others', () => {
  const cache = createPlanCache();
  let planned = 0;
  const get = (over: object, source = size) => {
    const own = config(over);
    return cache.of(own).get(source, () => (planned++, planGeometry(source, own)));
  };
  const first = get({});
  expect(first.geometry).toEqual(planGeometry(size, config()));
  expect(first.plan).toEqual(planResampling(size, first.geometry, 'bicubic'));
  expect(get({ mean: [0.5], icc: 'convert' })).toBe(first);
  expect(planned).toBe(1);
  const others: SizePlan[] = [
    get({ resize: 60 }),
    get({ crop: 48 }),
    get({ align: 'top_left' }),
    get({ interpolation: 'box' }),
    get({}, { width: 70, height: 80 }),
  ];
  expect(planned).toBe(6);
  for (const other of others) expect(other).not.toBe(first);
});

it('the plans that were not used for the longest time are dropped', () => {
  const cache = createPlanCache();
  const [large, small] = [config({ resize: 64, crop: 64 }), config({ resize: 32, crop: 32 })].map((own) => {
    const plans = cache.of(own);
    return (width: number) => {
      let isNew = false;
      const source = { width, height: 5000 };
      plans.get(source, () => ((isNew = true), planGeometry(source, own)));
      return isNew;
    };
  });
  expect(small!(100)).toBe(true);
  expect(small!(101)).toBe(true);
  // Each has more than 40,000 numbers, and a million are kept.
  for (let width = 4000; width < 4030; width++) {
    expect(large!(width)).toBe(true);
    expect(small!(101)).toBe(false);
  }
  expect(large!(4029)).toBe(false);
  expect(large!(4000)).toBe(true);
  expect(small!(100)).toBe(true);
});
