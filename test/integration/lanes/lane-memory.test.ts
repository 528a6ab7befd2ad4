// How a lane behaves with little memory, and how much memory it takes.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { processMemory } from '#forebay/workers/memory/process-memory.js';
import {
  codeOf,
  LIMITS,
  loadedOwnLane,
  peakMemoryMb,
  plain,
  predictionsOf,
  testFolder,
  testLane,
} from '../../support/lanes.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { hungryModel } from '../../support/onnx/special-models.ts';

const SIDE = 8;
const MB = 2 ** 20;
const config = {
  name: 'm',
  task: 'image-classification',
  preprocess: { crop: SIDE, mean: [0, 0, 0], std: [1, 1, 1] },
};

it('a batch that does not fit into memory is halved, every row is answered, and the lane continues', async () => {
  const lane = await loadedOwnLane(writeModelFolder(testFolder(), hungryModel(SIDE, 64), config));
  const levels = Array.from({ length: 16 }, (_, i) => i * 16);
  const rows = await Promise.all(levels.map(async (level) => ({ bytes: await plain(level, level, level) })));
  const run = async () => (await lane.run({ model: 'm', rows, options: { top_k: 1 } })).outcomes;
  // The first row creates threads and heaps.
  await lane.run({ model: 'm', rows: rows.slice(0, 1), options: { top_k: 1 } });
  // One call with all rows takes a gigabyte, so malloc fails, as it does in a small container without swap. A call with
  // half of the rows leaves enough memory for V8, which aborts the process if it gets none.
  limitAddressSpace(lane.pid!, virtualBytes(lane.pid!) + 900 * MB);
  for (const outcomes of [await run(), await run()]) {
    expect(outcomes.map(codeOf)).toEqual(levels.map(() => 'ok'));
    const scores = outcomes.map((outcome) => predictionsOf(outcome)[0]!.score);
    for (const [i, score] of scores.entries()) expect(score).toBeCloseTo(levels[i]! / 255, 4);
  }
}, 60_000);

it('a loaded lane has all its threads and codecs, so the first images reserve little more', async () => {
  const model = writeModelFolder(testFolder(), meanColourModel({ side: SIDE, classes: [[1, 0, 0]] }), config);
  const lane = await loadedOwnLane(model);
  const loaded = virtualBytes(lane.pid!);
  const rows = [
    { bytes: await plain(9, 9, 9) },
    {
      bytes: await sharp(await plain(9, 9, 9))
        .jpeg()
        .toBuffer(),
    },
  ];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map(codeOf)).toEqual(['ok', 'ok']);
  // A codec in WebAssembly reserves 10 GB of addresses.
  expect(virtualBytes(lane.pid!) - loaded).toBeLessThan(2000 * MB);
});

it('every row is decoded even if there is no memory for all decoder threads', async () => {
  const model = writeModelFolder(testFolder(), meanColourModel({ side: SIDE, classes: [[1, 0, 0]] }), config);
  const lane = await withStacks(512 * MB, async () => loadedOwnLane(model));
  const rows = await Promise.all(Array.from({ length: 64 }, async () => ({ bytes: await plain(9, 9, 9) })));
  await lane.run({ model: 'm', rows: rows.slice(0, 1), options: { top_k: 1 } });
  // The limit is enough for the heap, but not for the stack of another thread.
  limitAddressSpace(lane.pid!, virtualBytes(lane.pid!) + 400 * MB);
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map(codeOf)).toEqual(rows.map(() => 'ok'));
}, 60_000);

it('the memory of a lane does not grow over 200 loads of a model', async () => {
  const model = writeModelFolder(testFolder(), meanColourModel({ side: SIDE, classes: [[1, 0, 0]] }), config);
  const lane = testLane();
  const load = async () => lane.load({ model: 'm', ...model, threads: 1 });
  const rows = [{ bytes: await plain(9, 9, 9) }];
  const own = () => processMemory(lane.pid!)!.own / MB;
  for (let i = 0; i < 40; i++) await load();
  const before = own();
  for (let i = 0; i < 160; i++) await load();
  expect((await lane.run({ model: 'm', rows, options: { top_k: 1 } })).outcomes.map(codeOf)).toEqual(['ok']);
  // A session of this model takes about 1 MB, so 160 leaked sessions would show.
  expect(own() - before).toBeLessThan(40);
}, 120_000);

it('a lane decodes no more images at once than the budget allows', async () => {
  const lane = testLane({ uvThreads: 6, limits: { ...LIMITS, decodeBudgetBytes: 100 * MB } });
  const model = writeModelFolder(testFolder(), meanColourModel({ side: SIDE, classes: [[1, 0, 0]] }), config);
  await lane.load({ model: 'm', ...model, threads: 1 });
  // An AVIF of 4 megapixels takes 80 MB to decode.
  const create = { width: 2000, height: 2000, channels: 3, background: '#48a' } as const;
  const bytes = await sharp({ create }).avif({ effort: 0 }).toBuffer();
  const rows = Array.from({ length: 6 }, () => ({ bytes }));
  await lane.run({ model: 'm', rows: rows.slice(0, 1), options: { top_k: 1 } });
  const before = peakMemoryMb(lane.pid!);
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map(codeOf)).toEqual(rows.map(() => 'ok'));
  expect(peakMemoryMb(lane.pid!) - before).toBeLessThan(100);
}, 60_000);

it('an image that needs too much memory is refused, the error says how much, and the others are decoded', async () => {
  const lane = testLane({ limits: { ...LIMITS, maxDecodeBytes: 12 * MB } });
  const model = writeModelFolder(testFolder(), meanColourModel({ side: SIDE, classes: [[1, 0, 0]] }), config);
  await lane.load({ model: 'm', ...model, threads: 1 });
  const create = { width: 1000, height: 1000, channels: 3, background: '#48a' } as const;
  const image = sharp({ create });
  const rows = [
    { bytes: await image.clone().avif({ effort: 0 }).toBuffer() },
    { bytes: await image.clone().jpeg({ progressive: true }).toBuffer() },
    { bytes: await image.clone().jpeg().toBuffer() },
    { bytes: await image.clone().png().toBuffer() },
  ];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map(codeOf)).toEqual(['too_many_pixels', 'too_many_pixels', 'ok', 'ok']);
  expect(outcomes[0]).toMatchObject({
    error: {
      message:
        '1000 x 1000 pixels of AVIF take 21 MB to decode; the limit is 12 MB: ' +
        'raise FOREBAY_MAX_DECODE_MB or send a smaller image',
    },
  });
});

function limitAddressSpace(pid: number, bytes: number): void {
  execFileSync('prlimit', ['--pid', String(pid), `--as=${bytes}`]);
}

/** Runs `start`. Threads of the processes that it starts get stacks of this size. */
async function withStacks<T>(bytes: number, start: () => Promise<T>): Promise<T> {
  const own = ['--pid', String(process.pid)];
  const before = execFileSync('prlimit', [...own, '--stack', '--output=SOFT', '--noheadings'], {
    encoding: 'utf8',
  });
  execFileSync('prlimit', [...own, `--stack=${bytes}:`]);
  try {
    return await start();
  } finally {
    execFileSync('prlimit', [...own, `--stack=${before.trim()}:`]);
  }
}

function virtualBytes(pid: number): number {
  return Number(/VmSize:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}
