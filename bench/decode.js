/**
 * CPU milliseconds an image for decode + resize to 256 + crop 224 (bicubic): the decoders `exact` and `fast`,
 * sharp as used alone, and Pillow where FOREBAY_BENCH_PYTHON names a Python that has it. On the shared photos
 * as they are, on one enlarged to 2 and 12 megapixels, and on a 64 x 64 JPEG. Also how far `fast` is off.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { PREPROCESS } from '../dist/shared/domain/model-contract.js';
import { createDecoderFactory } from '../dist/workers/lane/decode/decoders.js';
import { planGeometry } from '../dist/workers/lane/decode/geometry.js';
import { configureSharp } from '../dist/workers/lane/decode/sharp-decoder.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, '..', 'shared', 'data', 'photos');
if (!existsSync(folder)) {
  console.error(`${folder} is absent: this benchmark needs its photos.`);
  process.exit(1);
}
const ROUNDS = 5;
const PHOTOS = 100;
const preprocess = PREPROCESS.parse({ resize: 256, crop: 224, interpolation: 'bicubic' });
const createDecoder = createDecoderFactory();
configureSharp();

const paths = readdirSync(folder)
  .toSorted()
  .slice(0, PHOTOS)
  .map((name) => join(folder, name));
const photos = paths.map((path) => readFileSync(path));
const scratch = mkdtempSync(join(tmpdir(), 'forebay-bench-'));
const sets = [
  { name: 'photos, 0.2 MP', images: photos, rounds: 1 },
  { name: '2 MP', images: [await enlarged(1632, 1224)], rounds: 20 },
  { name: '12 MP', images: [await enlarged(4000, 3000)], rounds: 4 },
  { name: '64 x 64', images: [await enlarged(64, 64)], rounds: 500 },
];
const decoders = {
  exact: decoderOf('exact'),
  fast: decoderOf('fast'),
  'sharp alone': sharpAlone,
};

try {
  for (const { name, images, rounds } of sets) {
    const figures = Object.fromEntries(Object.keys(decoders).map((key) => [key, []]));
    // Decoders take turns within a round, so that a slower moment of the machine meets all alike.
    for (let round = 0; round <= ROUNDS; round++) {
      for (const [key, decode] of Object.entries(decoders)) {
        const took = await cpuMs(images, rounds, decode);
        if (round > 0) figures[key].push(took);
      }
    }
    const pillow = withPillow(images, rounds);
    if (pillow !== null) figures.Pillow = pillow;
    const text = Object.entries(figures).map(([key, values]) => `${key} ${median(values).toFixed(3)}`);
    console.log(`${name}: CPU ms an image, median of ${ROUNDS}: ${text.join(', ')}`);
  }
  await report();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function decoderOf(decode) {
  const decoder = createDecoder({ ...preprocess, decode, maxPixels: 64_000_000 });
  return async (image) => decoder.decode(image);
}

/** One pipeline, no shrink-on-load, no colour management. */
async function sharpAlone(image) {
  const { width, height } = await sharp(image).metadata();
  const { resized, window } = planGeometry(width, height, preprocess.resize, preprocess.crop);
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

function withPillow(images, rounds) {
  const python = process.env['FOREBAY_BENCH_PYTHON'];
  if (python === undefined) return null;
  const files = images.map((image, i) => {
    const path = join(scratch, `${i}.jpg`);
    writeFileSync(path, image);
    return path;
  });
  const script = join(root, 'bench', 'decode_pillow.py');
  const input = JSON.stringify({ files, rounds, repeat: ROUNDS });
  return JSON.parse(execFileSync(python, [script], { input, encoding: 'utf8' }));
}

/** How far `fast` and sharp are from `exact`, which is Pillow to the bit. */
async function report() {
  for (const key of ['fast', 'sharp alone']) {
    let sum = 0;
    let worst = 0;
    let count = 0;
    for (const image of photos) {
      const truth = await decoders.exact(image);
      const pixels = await decoders[key](image);
      for (let i = 0; i < truth.length; i++) {
        const off = Math.abs(truth[i] - pixels[i]);
        sum += off;
        if (off > worst) worst = off;
      }
      count += truth.length;
    }
    console.log(`${key} against exact, of 255: mean ${(sum / count).toFixed(3)}, worst ${worst}`);
  }
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
