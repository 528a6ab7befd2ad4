/** Photos of 6 to 12 megapixels, as from cameras. They are enlarged shared photos, kept in the cache folder. */
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { benchCache } from '../harness/places.js';
import { photos } from '../harness/workloads.js';

const COUNT = 24;
const LEAST = 6e6;
const MOST = 12e6;

/** @returns {Promise<string[]>} paths. A file has the name of its source. */
export async function bigPhotos() {
  const folder = join(benchCache(), `photos-6-12mp-${COUNT}`);
  if (!existsSync(folder)) await render(folder);
  return readdirSync(folder)
    .toSorted()
    .map((file) => join(folder, file));
}

async function render(folder) {
  const part = `${folder}.${process.pid}`;
  mkdirSync(part);
  // Every eighth photo, so that the classes are as mixed as in the whole set.
  const sources = photos(200).filter((_, i) => i % 8 === 0);
  for (const [i, source] of sources.slice(0, COUNT).entries()) {
    const { width, height } = await sharp(source).metadata();
    const pixels = LEAST + ((MOST - LEAST) * i) / (COUNT - 1);
    const scale = Math.sqrt(pixels / (width * height));
    await sharp(source)
      .resize(Math.round(width * scale), Math.round(height * scale), { fit: 'fill', kernel: 'lanczos3' })
      .jpeg({ quality: 90 })
      .toFile(join(part, basename(source)));
  }
  renameSync(part, folder);
}
