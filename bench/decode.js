/**
 * Measures the CPU time to decode an image, resize it to 256 (bicubic) and crop it to 224. Compares the decoders `exact`,
 * `fast` and `shrink`, `exact` without its SIMD decoder, sharp alone and Pillow. Also measures how far the pixels differ
 * from those of `exact`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { PREPROCESS } from '../dist/shared/tasks/image/preprocess.js';
import { configureSharp } from '../dist/workers/lane/image/decode/sharp-decoder.js';
import { decodersOf } from './decode/decoders.js';
import { meanCpuMs, pillowCpuMs } from './decode/cpu.js';
import { pixelErrors } from './decode/pixel-errors.js';
import { sharedData } from './harness/places.js';
import { median } from './harness/statistics.js';

export const name = 'decode';
export const title = 'CPU per image: decode, resize to 256, crop 224';
export const proves =
  'That the decoders need no more CPU than Pillow, and how much the pixels of the fast ones differ.';

const ROUNDS = 5;
const PHOTOS = 100;
const PHOTO = PREPROCESS.parse({ resize: 256, crop: 224, interpolation: 'bicubic' });
const DIGIT = PREPROCESS.parse({ crop: 64 });
/** CPU time divided by that of Pillow, for photos of 0.2 megapixels. */
const TARGETS = { exact: '<= 0.6', fast: '<= 0.6' };

export async function run({ quick, python }) {
  configureSharp();
  const photos = readPhotos(quick ? 10 : PHOTOS);
  const enlarged = async (width, height) =>
    sharp(photos[0]).resize(width, height, { fit: 'fill' }).jpeg({ quality: 85 }).toBuffer();
  const sets = [
    { set: 'photos, 0.2 MP', preprocess: PHOTO, images: photos, rounds: 1, targets: TARGETS },
    { set: '2 MP', preprocess: PHOTO, images: [await enlarged(1632, 1224)], rounds: quick ? 1 : 10 },
    { set: '12 MP', preprocess: PHOTO, images: [await enlarged(4000, 3000)], rounds: quick ? 1 : 3 },
    { set: '64 x 64, not resized', preprocess: DIGIT, images: [await enlarged(64, 64)], rounds: 500 },
  ];
  const rows = [];
  for (const set of sets) rows.push(...(await measure(set, python)));
  return { rows, notes: await pixelErrors(photos, decodersOf(PHOTO)) };
}

function readPhotos(count) {
  const folder = sharedData('photos');
  return readdirSync(folder)
    .toSorted()
    .slice(0, count)
    .map((file) => readFileSync(join(folder, file)));
}

async function measure({ set, preprocess, images, rounds, targets = {} }, python) {
  const decoders = Object.entries(decodersOf(preprocess));
  const figures = {};
  const note = (key, value) => (figures[key] = [...(figures[key] ?? []), value]);
  // Decoders take turns within a round, so that a slow moment of the machine affects all of them alike.
  for (let round = 0; round <= ROUNDS; round++) {
    const warm = round > 0;
    for (const [key, decode] of decoders) {
      const ms = await meanCpuMs(images, rounds, decode);
      if (warm) note(key, ms);
    }
    if (warm && python !== undefined)
      note('Pillow', await pillowCpuMs(python, { preprocess, images, rounds }));
  }
  const pillow = figures['Pillow'];
  return Object.entries(figures).map(([key, values]) => {
    const row = { metric: `${set}: ${key}`, value: median(values), unit: 'ms CPU' };
    if (pillow === undefined || key === 'Pillow') return row;
    const target = targets[key];
    return { ...row, ratio: median(values) / median(pillow), ...(target !== undefined && { target }) };
  });
}
