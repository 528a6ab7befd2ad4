/**
 * CPU milliseconds an image for decode + resize to 256 + crop 224 (bicubic): the decoders `exact`, `fast` and
 * `shrink`, sharp alone, and Pillow where FOREBAY_BENCH_PYTHON names a Python that has it. On the shared photos as they
 * are, on one enlarged to 2 and 12 megapixels, and on a 64 x 64 JPEG not resized. Also how far `fast` and
 * `shrink` are off.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { PREPROCESS } from '../dist/shared/domain/model-config.js';
import { createDecoderFactory } from '../dist/workers/lane/image/decode/decoders.js';
import { planGeometry } from '../dist/workers/lane/image/decode/geometry.js';
import { configureSharp } from '../dist/workers/lane/image/decode/sharp-decoder.js';
import { median } from './harness/measure.js';
import { root, sharedData } from './harness/places.js';

export const name = 'decode';
export const title = 'CPU per image: decode, resize to 256, crop 224';

const ROUNDS = 5;
const PHOTOS = 100;
const PHOTO = PREPROCESS.parse({ resize: 256, crop: 224, interpolation: 'bicubic' });
const DIGIT = PREPROCESS.parse({ crop: 64 });
const LIMITS = {
  maxPixels: 64_000_000,
  maxImageRatio: 5000,
  maxDecodeBytes: 2 ** 30,
  decodeBudgetBytes: 2 ** 30,
};
const createDecoder = createDecoderFactory(LIMITS);

/** Set by run(): the photos, and what is to be reported. */
let photos = [];
let scratch = '';
let rows = [];
let notes = [];

export async function run({ quick }) {
  configureSharp();
  rows = [];
  notes = [];
  const folder = sharedData('photos');
  photos = readdirSync(folder)
    .toSorted()
    .slice(0, quick ? 10 : PHOTOS)
    .map((name) => readFileSync(join(folder, name)));
  scratch = mkdtempSync(join(tmpdir(), 'forebay-bench-'));
  try {
    const sets = [
      { name: 'photos, 0.2 MP', preprocess: PHOTO, images: photos, rounds: 1 },
      { name: '2 MP', preprocess: PHOTO, images: [await enlarged(1632, 1224)], rounds: quick ? 1 : 10 },
      { name: '12 MP', preprocess: PHOTO, images: [await enlarged(4000, 3000)], rounds: quick ? 1 : 3 },
      { name: '64 x 64, not resized', preprocess: DIGIT, images: [await enlarged(64, 64)], rounds: 500 },
    ];
    for (const set of sets) await measure(set);
    await compare();
    return { rows, notes };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function measure({ name, preprocess, images, rounds }) {
  const decoders = decodersOf(preprocess);
  const figures = new Map();
  const note = (key, value) => figures.set(key, [...(figures.get(key) ?? []), value]);
  // All take turns within a round, so that a slower moment of the machine meets all alike.
  for (let round = 0; round <= ROUNDS; round++) {
    const measured = round > 0;
    for (const [key, decode] of Object.entries(decoders)) {
      const took = await cpuMs(images, rounds, decode);
      if (measured) note(key, took);
    }
    const pillow = measured ? withPillow(preprocess, images, rounds) : null;
    if (pillow !== null) note('Pillow', pillow);
  }
  const base = figures.get('Pillow');
  for (const [key, values] of figures) {
    const row = { metric: `${name}: ${key}`, value: median(values), unit: 'ms CPU' };
    if (base === undefined || key === 'Pillow') rows.push(row);
    else rows.push({ ...row, ratio: median(values) / median(base), ...reach(name, key) });
  }
}

/** Against Pillow, for photos of 0.2 megapixels. */
function reach(set, key) {
  const target = { exact: '<= 1.0', fast: '<= 0.6' }[key];
  return set.startsWith('photos') && target !== undefined ? { target } : {};
}

function decodersOf(preprocess) {
  const decoderOf = (decode) => {
    const decoder = createDecoder({ ...preprocess, decode });
    return async (image) => decoder.decode(image);
  };
  return {
    exact: decoderOf('exact'),
    fast: decoderOf('fast'),
    shrink: decoderOf('shrink'),
    'sharp alone': async (image) => sharpAlone(image, preprocess),
  };
}

/** One pipeline, no colour management, and as little shrink-on-load as sharp allows. */
async function sharpAlone(image, { resize, crop }) {
  const { width, height } = await sharp(image).metadata();
  const { resized, window } = planGeometry(width, height, resize, crop);
  return sharp(image, { ignoreIcc: true })
    .resize({ ...resized, fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false })
    .extract(window)
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer();
}

async function enlarged(width, height) {
  return sharp(photos[0]).resize(width, height, { fit: 'fill' }).jpeg({ quality: 85 }).toBuffer();
}

/** Of the whole process: libvips decodes on threads of its own. */
async function cpuMs(images, rounds, decode) {
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round++) for (const image of images) await decode(image);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / rounds / images.length;
}

function withPillow({ resize, crop }, images, rounds) {
  const python = process.env['FOREBAY_BENCH_PYTHON'];
  if (python === undefined) return null;
  const files = images.map((image, i) => {
    const path = join(scratch, `${i}.jpg`);
    writeFileSync(path, image);
    return path;
  });
  const input = JSON.stringify({ files, rounds, resize: resize ?? null, crop });
  return JSON.parse(
    execFileSync(python, [join(root, 'bench', 'decode_pillow.py')], { input, encoding: 'utf8' }),
  );
}

/** How far `fast`, sharp and, of large photos, `shrink` are from `exact`, which is Pillow to the bit. */
async function compare() {
  const decoders = decodersOf(PHOTO);
  const large = [];
  for (const photo of photos.slice(0, 8)) {
    large.push(await sharp(photo).resize(4000, 3000, { fit: 'fill' }).jpeg({ quality: 90 }).toBuffer());
  }
  const compared = { fast: photos, 'sharp alone': photos, shrink: large };
  for (const [key, images] of Object.entries(compared)) {
    let sum = 0;
    let worst = 0;
    let count = 0;
    for (const image of images) {
      const truth = await decoders.exact(image);
      const pixels = await decoders[key](image);
      for (let i = 0; i < truth.length; i++) {
        const off = Math.abs(truth[i] - pixels[i]);
        sum += off;
        if (off > worst) worst = off;
      }
      count += truth.length;
    }
    notes.push(`${key} against exact, of 255: mean ${(sum / count).toFixed(3)}, worst ${worst}`);
  }
}
