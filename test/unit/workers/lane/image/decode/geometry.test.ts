import { expect, it } from 'vitest';
import { planGeometry } from '#forebay/workers/lane/image/decode/geometry.js';

it('resizes the shorter side to the wanted length, and rounds crop offsets half to even', () => {
  expect(planGeometry(500, 375, 256, 224)).toEqual({
    resized: { width: 341, height: 256 },
    window: { left: 58, top: 16, width: 224, height: 224 },
    pad: { left: 0, top: 0 },
  });
  expect(planGeometry(100, 107, undefined, 100).window.top).toBe(4);
  expect(planGeometry(100, 105, undefined, 100).window.top).toBe(2);
  expect(planGeometry(100, 103, undefined, 100).window.top).toBe(2);
});

it('pads a side that is smaller than the crop, with the odd pixel right and below, and still crops the other side', () => {
  expect(planGeometry(3, 20, undefined, 8)).toEqual({
    resized: { width: 3, height: 20 },
    window: { left: 0, top: 6, width: 3, height: 8 },
    pad: { left: 2, top: 0 },
  });
});
