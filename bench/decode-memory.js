/**
 * Measures the memory that decoding takes, in bytes per pixel, for each kind of image. A child process decodes one image
 * and reports how much its resident memory grew. The figures in src/workers/lane/image/decode/memory/decode-memory.ts come from
 * here.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KINDS } from './decode-memory/images.js';
import { root } from './harness/places.js';
import { inScratch } from './harness/scratch.js';

export const name = 'decode-memory';
export const title = 'Memory of decoding, bytes per pixel';
export const proves =
  'How much memory decoding takes for each kind of image. The memory limits of lanes rely on these figures.';

/** Pixels per side: 4, 16 and 36 megapixels. Above 24 (HELD_PIXELS), most kinds of image are not held whole. */
const SIDES = [2000, 4000, 6000];
const SMALL = 64;

export async function run({ log, quick, kinds: wanted = '' }) {
  const kinds = Object.entries(KINDS).filter(([kind]) => kind.includes(wanted));
  return inScratch(async (scratch) => {
    const rows = [];
    for (const [kind, { make, preprocess = {} }] of kinds) {
      const small = await written(scratch, 'small', make(SMALL));
      for (const side of quick ? SIDES.slice(0, 1) : SIDES) {
        const large = await written(scratch, 'large', make(side));
        const bytes = decodedGrowth({ small, large, side, preprocess });
        const value = (bytes / side ** 2).toFixed(1);
        const megapixels = side ** 2 / 1e6;
        log(`${kind}, ${megapixels} MP: ${value}`);
        rows.push({ metric: `${kind}, ${megapixels} MP`, value: Number(value), unit: 'bytes/pixel' });
      }
    }
    return { rows };
  });
}

async function written(folder, file, image) {
  const path = join(folder, file);
  writeFileSync(path, await image.toBuffer());
  return path;
}

/** Bytes by which the peak of resident memory grows while a child process decodes the large image. */
function decodedGrowth({ small, large, side, preprocess }) {
  const child = join(root, 'bench/decode-memory/child.js');
  const args = ['--expose-gc', child, small, large, String(side), JSON.stringify(preprocess)];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
  return Number(
    execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}
