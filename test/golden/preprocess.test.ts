// Compares the lane's pixels with Pillow's crops, which make_golden.py wrote. Only values of AVIF may differ, by 1.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { configureSharp } from '#forebay/workers/lane/image/decode/sharp-decoder.js';
import {
  createTensorFiller,
  type InputType,
  type Layout,
} from '#forebay/workers/lane/image/normalise/tensor-filler.js';
import { LIMITS } from '../support/lanes.ts';

interface Golden {
  readonly cases: readonly {
    readonly name: string;
    readonly image: string;
    readonly expected: string;
    /** Maximum difference of a value. Absent means none. */
    readonly worst?: number;
    readonly preprocess: { readonly resize: number | null; readonly crop: number };
  }[];
  readonly tensors: Readonly<Record<string, string>>;
}

const here = import.meta.dirname;
const golden = JSON.parse(readFileSync(join(here, 'golden.json'), 'utf8')) as Golden;
const createDecoder = createDecoderFactory(LIMITS);

beforeAll(() => configureSharp());

describe('a decoded crop equals the crop of Pillow and torchvision', () => {
  it.each(golden.cases)('$name', async ({ image, expected, preprocess, worst = 0 }) => {
    const crop = await decode(image, preprocess);
    const reference = await readCrop(expected);
    expect(crop.length).toBe(reference.length);
    expect(worstDifference(crop, reference)).toBeLessThanOrEqual(worst);
  });

  it('but the crop of a single sharp pipeline differs, because it drops alpha after resizing', async () => {
    const file = readFileSync(join(here, 'images', 'rgba.png'));
    const naive = sharp(file).resize(73, 64, { fit: 'fill', kernel: 'cubic' }).removeAlpha();
    const cropped = await naive.extract({ left: 8, top: 4, width: 56, height: 56 }).raw().toBuffer();
    expect(meanDifference(cropped, await readCrop('rgba-bicubic.webp'))).toBeGreaterThan(1);
  });
});

// sharp 0.35.5 (libvips 8.18.7) wrote the expected crop, so that this test notices a change in libvips. Pillow's values
// differ by 4 to 19.
it('CMYK is converted through a colour profile, and matches the committed crop', async () => {
  const crop = await decode('cmyk.jpg', { resize: 64, crop: 56 });
  expect(meanDifference(crop, await readCrop('../cmyk-libvips.webp'))).toBeLessThan(0.5);
});

describe("a batch tensor equals NumPy's result bit for bit", () => {
  const crop = Uint8Array.from({ length: 16 * 16 * 3 }, (_, i) => i % 256);
  const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const caffe = { rescale: 1, color_order: 'bgr', mean: [103.939, 116.779, 123.68], std: [1] };
  const variants: [string, InputType, Layout, object][] = [
    ['float32-nchw', 'float32', 'nchw', imagenet],
    ['float32-nhwc', 'float32', 'nhwc', imagenet],
    ['float16-nchw', 'float16', 'nchw', imagenet],
    ['float32-nchw-bgr', 'float32', 'nchw', caffe],
  ];
  it.each(variants)('%s', (name, type, layout, preprocess) => {
    const filler = createTensorFiller(PREPROCESS.parse({ crop: 16, ...preprocess }), type, layout);
    const tensor = filler.allocate(2);
    filler.fill(tensor, 1, crop);
    const row = tensor.slice(filler.rowLength);
    const bytes = Buffer.from(row.buffer, row.byteOffset, row.byteLength);
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(golden.tensors[name]);
  });
});

async function decode(image: string, { resize, ...rest }: { resize: number | null; crop: number }) {
  const preprocess = PREPROCESS.parse(resize === null ? rest : { resize, ...rest });
  const decoder = createDecoder(preprocess);
  return decoder.decode(readFileSync(join(here, 'images', image)));
}

async function readCrop(file: string): Promise<Uint8Array> {
  return sharp(readFileSync(join(here, 'crops', file)))
    .raw()
    .toBuffer();
}

function worstDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

function meanDifference(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0) / a.length;
}
