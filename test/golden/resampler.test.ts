// Compares the resampling kernel with Pillow. Both resize the pattern of make_golden.py, and the SHA-256 must be equal.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createResamplingKernel, type Normalisation } from '#forebay/workers/lane/image/resample/kernel.js';
import {
  planResampling,
  type Interpolation,
  type ResamplingPlan,
} from '#forebay/workers/lane/image/resample/pillow-resampler.js';
import { createRandom } from '../support/random.ts';

type Pair = readonly [width: number, height: number];

interface Golden {
  readonly resampled: readonly {
    readonly source: Pair;
    readonly target: Pair;
    readonly interpolation: Interpolation;
    readonly sha256: string;
  }[];
}

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as Golden;
const kernel = createResamplingKernel();
const plain = { grey: false, keep: false };
const asTheyAre: Normalisation = {
  tables: Float32Array.from({ length: 768 }, (_, i) => i % 256),
  channels: [0, 1, 2],
  count: 3,
  planar: false,
};

it.each(golden.resampled)(
  '$interpolation from $source to $target equals Pillow bit for bit',
  ({ source, target, interpolation, sha256 }) => {
    const pixels = resize(pattern(source), source, target, interpolation);
    expect(createHash('sha256').update(pixels).digest('hex')).toBe(sha256);
  },
);

it.each(['nearest', 'box', 'bilinear', 'bicubic', 'lanczos'] as const)(
  'with %s, a window equals the same part of the whole resized image, and needs only a region of the source',
  (interpolation) => {
    const source = [97, 61] as const;
    const target = [53, 31] as const;
    const whole = resize(pattern(source), source, target, interpolation);
    const window = { left: 11, top: 5, width: 30, height: 21 };
    const plan = planOf(source, target, interpolation, window);
    const { region } = plan;
    expect(region.width * region.height).toBeLessThan(source[0] * source[1]);
    const part = cut(pattern(source), source[0], region);
    kernel
      .open(plan, plain)
      .whole(part.length, 0, region.width * 3)
      .set(part);
    expect(kernel.resample()).toEqual(cut(whole, target[0], window));
  },
);

describe('an image that comes strip by strip', () => {
  it.each([
    { source: [300, 200], target: [64, 48], what: 'small' },
    // Strips of at most 64 KB have two of these lines.
    { source: [7000, 40], target: [53, 31], what: 'wide' },
    { source: [40, 300], target: [20, 30], what: 'tall, so it is resized vertically first' },
    { source: [90, 60], target: [90, 60], what: 'not resized' },
    { source: [20, 30], target: [70, 80], what: 'enlarged' },
  ] as const)('equals the image in one piece: $what', ({ source, target }) => {
    const random = createRandom(1);
    const data = pattern(source);
    const window = { left: 5, top: 3, width: target[0] - 9, height: target[1] - 7 };
    for (const interpolation of ['nearest', 'bicubic', 'lanczos'] as const) {
      for (const grey of [false, true]) {
        const plan = planOf(source, target, interpolation, window);
        const { left, top, height } = plan.region;
        const stride = source[0] * 3;
        const use = { grey, keep: false };
        kernel
          .open(plan, use)
          .whole(data.length, top * stride + left * 3, stride)
          .set(data);
        const wanted = kernel.resample();
        const room = kernel.open(plan, use);
        // A codec that gives up midway. The next one begins again.
        room.strips(0, stride)(data.subarray(0, stride));
        const put = room.strips(left * 3, stride);
        for (let y = 0, lines = 0; y < height; y += lines) {
          lines = Math.min(random.int(1, 40), height - y);
          put(data.subarray((top + y) * stride, (top + y + lines) * stride));
        }
        expect(Buffer.compare(kernel.resample(), wanted), `${interpolation}, grey: ${grey}`).toBe(0);
      }
    }
  });

  const window = { left: 0, top: 0, width: 256, height: 192 };
  const photo = () => planOf([4000, 3000], [256, 192], 'bicubic', window);
  const line = new Uint8Array(4000 * 3);

  it('is not held as a whole, unless it is to be kept', () => {
    for (const [keep, megabytes] of [
      [false, 4],
      [true, 40],
    ] as const) {
      const own = createResamplingKernel();
      const put = own.open(photo(), { grey: false, keep }).strips(0, line.length);
      for (let y = 0; y < 3000; y++) put(line);
      const { byteLength } = own.normalise(asTheyAre).buffer;
      expect(byteLength).toBeLessThan(megabytes * 1e6);
      if (keep) expect(own.original().length).toBe(3000 * line.length);
      else expect(() => own.original()).toThrow('was not kept');
    }
  });

  it('must be complete', () => {
    kernel.open(photo(), plain).strips(0, line.length)(line);
    expect(() => kernel.resample()).toThrow('1 of 3000 lines');
  });
});

it('a large image is resized correctly, and its memory is freed for the next image', () => {
  const source = [6000, 3000] as const;
  const target = [4, 2] as const;
  const grey = new Uint8Array(source[0] * source[1] * 3).fill(77);
  expect(resize(grey, source, target, 'box')).toEqual(new Uint8Array(24).fill(77));
  const plan = planOf([10, 10], [5, 5], 'box', { left: 0, top: 0, width: 5, height: 5 });
  expect(kernel.open(plan, plain).whole(300, 0, 30).buffer.byteLength).toBeLessThan(1_000_000);
});

it('numbers and pixels of one image need its passes only once', () => {
  const plan = planOf([40, 30], [8, 6], 'bicubic', { left: 0, top: 0, width: 8, height: 6 });
  const data = pattern([40, 30]);
  const once = resize(data, [40, 30], [8, 6], 'bicubic');
  const source = kernel.open(plan, plain).whole(data.length, 0, 120);
  source.set(data);
  const numbers = Array.from(kernel.normalise(asTheyAre));
  source.fill(0);
  expect(Array.from(kernel.resample())).toEqual(numbers);
  expect(numbers).toEqual(Array.from(once));
});

function resize(data: Uint8Array, source: Pair, target: Pair, interpolation: Interpolation): Uint8Array {
  const [width, height] = target;
  const plan = planOf(source, target, interpolation, { left: 0, top: 0, width, height });
  const { left, top } = plan.region;
  const stride = source[0] * 3;
  kernel
    .open(plan, plain)
    .whole(data.length, top * stride + left * 3, stride)
    .set(data);
  return kernel.resample();
}

function planOf(
  [width, height]: Pair,
  target: Pair,
  interpolation: Interpolation,
  window: ResamplingPlan['region'],
): ResamplingPlan {
  const resized = { width: target[0], height: target[1] };
  return planResampling({ width, height }, { resized, window }, interpolation);
}

function pattern([width, height]: Pair): Uint8Array {
  const out = new Uint8Array(width * height * 3);
  for (let at = 0; at < out.length; at++) {
    const c = at % 3;
    const x = Math.floor(at / 3) % width;
    const y = Math.floor(at / 3 / width);
    out[at] = (x * 37 + y * 101 + c * 59 + Math.floor((x * y) / 8) * 11 + (x ^ y) * 5) % 256;
  }
  return out;
}

function cut(data: Uint8Array, width: number, part: ResamplingPlan['region']): Uint8Array {
  const lines = Array.from({ length: part.height }, (_, y) => {
    const from = ((part.top + y) * width + part.left) * 3;
    return data.subarray(from, from + part.width * 3);
  });
  return new Uint8Array(Buffer.concat(lines));
}
