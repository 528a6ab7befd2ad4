/**
 * Bytes of memory a pixel that decoding takes, by kind of image: the peak of resident memory of a process that decodes one,
 * less what it had before. The figures in src/workers/lane/image/decode/decode-memory.ts come from here.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KINDS } from './decode-memory/images.js';
import { root } from './harness/places.js';

export const name = 'decode-memory';
export const title = 'Memory of decoding, bytes a pixel';

/** Pixels a side: 4, 16 and 36 megapixels. Above 24 megapixels images are resized by libvips where that is possible. */
const SIDES = [2000, 4000, 6000];
const SMALL = 64;

export async function run({ log, quick }) {
  const rows = [];
  const scratch = mkdtempSync(join(tmpdir(), 'forebay-bench-'));
  const only = process.env.FOREBAY_BENCH_KINDS;
  try {
    for (const [kind, { make, preprocess = {} }] of Object.entries(KINDS)) {
      if (only !== undefined && !kind.includes(only)) continue;
      const small = await written(scratch, 'small', make(SMALL));
      for (const side of quick ? SIDES.slice(0, 1) : SIDES) {
        const large = await written(scratch, 'large', make(side));
        const bytes = grownBy(small, large, side, preprocess);
        const value = (bytes / side ** 2).toFixed(1);
        const megapixels = side ** 2 / 1e6;
        log(`${kind}, ${megapixels} MP: ${value}`);
        rows.push({ metric: `${kind}, ${megapixels} MP`, value: Number(value), unit: 'bytes/pixel' });
      }
    }
    return { rows, notes: [] };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function written(folder, name, image) {
  const path = join(folder, name);
  writeFileSync(path, await image.toBuffer());
  return path;
}

function grownBy(small, large, side, preprocess) {
  const child = join(root, 'bench/decode-memory/child.js');
  const args = ['--expose-gc', child, small, large, String(side), JSON.stringify(preprocess)];
  const env = { ...process.env, UV_THREADPOOL_SIZE: '2', MALLOC_ARENA_MAX: '2' };
  return Number(
    execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}
