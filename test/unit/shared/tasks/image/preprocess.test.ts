import { expect, it } from 'vitest';
import { PREPROCESS, pixelBytes } from '#forebay/shared/tasks/image/preprocess.js';
import { imageSteps } from '#forebay/shared/tasks/image/image-steps.js';

it('fields of later versions do not change the parsed config of an older model, on which its hash depends', () => {
  expect(JSON.stringify(PREPROCESS.parse({ crop: 224, resize: 256, mean: [0.5], std: [0.5] }))).toBe(
    '{"resize":256,"crop":224,"interpolation":"bilinear","color_order":"rgb","rescale":0.00392156862745098,' +
      '"mean":[0.5],"std":[0.5],"icc":"ignore","auto_orient":false,"decode":"exact"}',
  );
});

it('a row takes as many bytes as width x height x channels', () => {
  expect(pixelBytes(PREPROCESS.parse({ crop: 10 }))).toBe(1200);
  expect(pixelBytes(PREPROCESS.parse({ crop: { width: 10, height: 3 }, channels: 1 }))).toBe(120);
});

it.each([
  [{ crop: 8, channels: 1, mean: [0.1, 0.2, 0.3] }, 'mean'],
  [{ crop: 8, channels: 1, pad: [1, 2, 3] }, 'pad'],
  [{ crop: 8, channels: 2 }, 'channels'],
  [{ crop: 8, pad: 256 }, 'pad'],
  [{ crop: { width: 8 } }, 'crop'],
  [{ crop: 8, resize: 'squash' }, 'resize'],
])('refuses %o', (preprocess, field) => {
  const { error } = PREPROCESS.safeParse(preprocess);
  expect(error?.issues.map((issue) => issue.path[0])).toEqual([field]);
});

it.each([
  [{ interpolation: 'bilinear' }, 'JPEG exactly as in Pillow, large ones shrunk while they are decoded'],
  [{ interpolation: 'nearest' }, 'JPEG exactly as in Pillow'],
  [{ interpolation: 'box', icc: 'convert' }, 'JPEG by libvips, converted to sRGB'],
  [{ resize: undefined }, 'JPEG exactly as in Pillow'],
])('a job that asks for "shrink" with %o gets: %s', (over, does) => {
  const preprocess = PREPROCESS.parse({ resize: 256, crop: 224, ...over });
  expect(imageSteps(preprocess, 'shrink')[0]!.does).toBe(`image bytes to pixels, ${does}`);
});

it.each([
  [{ resize: 256, crop: 224 }, 'shorter side to 256, bilinear, centre 224 x 224'],
  [{ crop: 224 }, 'centre 224 x 224, not resized'],
  [{ resize: { width: 640, height: 480 }, crop: { width: 640, height: 480 } }, 'to 640 x 480, bilinear'],
  [
    { resize: 'letterbox', crop: 416, pad: 114, align: 'top_left' },
    'fitted into 416 x 416, bilinear, top left, padded with 114',
  ],
])('describes %o', (preprocess, does) => {
  expect(imageSteps(PREPROCESS.parse(preprocess), null)[1]!.does).toBe(does);
});
