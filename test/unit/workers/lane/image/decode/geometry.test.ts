import { expect, it } from 'vitest';
import { planGeometry } from '#forebay/workers/lane/image/decode/geometry.js';

it('resizes the shorter side to the wanted length, and rounds crop offsets half to even', () => {
  expect(planGeometry({ width: 500, height: 375 }, { resize: 256, crop: 224 })).toEqual({
    source: { width: 500, height: 375 },
    resized: { width: 341, height: 256 },
    window: { left: 58, top: 16, width: 224, height: 224 },
    pad: { left: 0, top: 0 },
  });
  expect(windowTop(107)).toBe(4);
  expect(windowTop(105)).toBe(2);
  expect(windowTop(103)).toBe(2);
});

it('pads a side that is smaller than the crop, with an odd pixel right or below, and crops the other side', () => {
  expect(planGeometry({ width: 3, height: 20 }, { crop: 8 })).toEqual({
    source: { width: 3, height: 20 },
    resized: { width: 3, height: 20 },
    window: { left: 0, top: 6, width: 3, height: 8 },
    pad: { left: 2, top: 0 },
  });
});

it('squashes to an exact size, and crops the result to an input that is not square', () => {
  const crop = { width: 32, height: 16 };
  expect(planGeometry({ width: 500, height: 375 }, { resize: crop, crop })).toMatchObject({
    resized: crop,
    window: { left: 0, top: 0, width: 32, height: 16 },
    pad: { left: 0, top: 0 },
  });
  const resize = { width: 40, height: 16 };
  expect(planGeometry({ width: 9, height: 90 }, { resize, crop }).window).toMatchObject({
    left: 4,
    width: 32,
  });
});

it.each([
  [
    { width: 640, height: 427 },
    { width: 416, height: 278 },
    { left: 0, top: 69 },
  ],
  [
    { width: 427, height: 640 },
    { width: 278, height: 416 },
    { left: 69, top: 0 },
  ],
  [
    { width: 10, height: 10 },
    { width: 416, height: 416 },
    { left: 0, top: 0 },
  ],
  [
    { width: 3000, height: 1 },
    { width: 416, height: 1 },
    { left: 0, top: 207 },
  ],
])('a letterbox holds all of %o, enlarged if need be', (source, resized, pad) => {
  const config = { resize: 'letterbox', crop: 416 } as const;
  expect(planGeometry(source, config)).toMatchObject({
    resized,
    pad,
    window: { left: 0, top: 0, ...resized },
  });
  expect(planGeometry(source, { ...config, align: 'top_left' })).toMatchObject({
    resized,
    pad: { left: 0, top: 0 },
  });
});

it('an image that is larger than the input keeps its top left corner if the config says so', () => {
  const { window } = planGeometry({ width: 90, height: 50 }, { crop: 40, align: 'top_left' });
  expect(window).toEqual({ left: 0, top: 0, width: 40, height: 40 });
});

function windowTop(height: number): number {
  return planGeometry({ width: 100, height }, { crop: 100 }).window.top;
}
