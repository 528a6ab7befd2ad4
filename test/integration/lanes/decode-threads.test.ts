// Lanes with decode threads (ADR 18) on the CPU. They give exactly the answers and errors of lanes without them.
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { startLaneSet } from '#forebay/workers/tune/measure/lane-set.js';
import type { LaneInput } from '#forebay/workers/lane/messages.js';
import type { ChildLaneOptions } from '#forebay/workers/lane-pool/child-lane.js';
import {
  codeOf,
  LIMITS,
  peakMemoryMb,
  plain,
  testFolder,
  testLane,
  type LoadableModel,
  type TestLane,
} from '../../support/lanes.ts';
import { comparable, mixedRows } from '../../support/mixed-images.ts';
import { floatOutput, imageModel, type ImageGraph } from '../../support/onnx/image-graph.ts';
import { floats, ints, step } from '../../support/onnx/mean-model.ts';
import { meanColourModel, writeModelFolder, type MeanColourModel } from '../../support/onnx/models.ts';
import { darkOnlyModel } from '../../support/onnx/special-models.ts';

const SIDE = 16;
const MB = 2 ** 20;
const entry = join(import.meta.dirname, '../../support/thread-trouble.mjs');
const crop = { width: SIDE, height: SIDE };
const preprocess = { crop, resize: crop };
const COLOURS = ['red', 'green', 'blue'];
const ONE_HOT = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

function classifier(variant: Partial<MeanColourModel> = {}, more: object = {}): LoadableModel {
  const graph = meanColourModel({ classes: ONE_HOT, side: SIDE, ...variant });
  return writeModelFolder(
    testFolder(),
    graph,
    { name: 'm', task: 'image-classification', preprocess: { crop: SIDE, resize: 24 }, ...more },
    COLOURS,
  );
}

/** The colours of the image as a map of one cell per pixel. */
const MAP: ImageGraph = {
  shape: ['N', 3, SIDE, SIDE],
  outputs: [floatOutput('map', 'N', 3, SIDE, SIDE)],
  operators: [step('Identity', ['image'], 'map')],
};

/** One box per image: [centre, size, score of two classes], computed from the mean colour. */
const BOXES: ImageGraph = {
  shape: ['N', 3, SIDE, SIDE],
  outputs: [floatOutput('boxes', 'N', 6, 1)],
  operators: [
    step('ReduceMean', ['image'], 'mean', { axes: [2, 3], keepdims: 0 }),
    step('Concat', ['mean', 'mean'], 'six', { axis: 1 }),
    step('Add', ['six', 'base'], 'sums'),
    step('Reshape', ['sums', 'shape'], 'boxes'),
  ],
  weights: [floats('base', [1, 6], [8, 8, 6, 6, 0, 0]), ints('shape', [0, 6, 1])],
};

const MODELS: Readonly<Record<string, () => LoadableModel>> = {
  'image-classification': () => classifier(),
  'image-classification at a fixed batch': () => classifier({ batch: 4 }),
  'image-classification in half precision': () => classifier({ type: 'float16' }),
  'image-classification of raw pixels, channels last': () =>
    classifier({ type: 'uint8', layout: 'nhwc' }, { preprocess: { crop: SIDE, rescale: 1 } }),
  'image-classification with the fast decoder': () =>
    classifier({}, { preprocess: { crop: SIDE, resize: 24, decode: 'fast' } }),
  'image-embedding': () =>
    imageModel(MAP, { task: 'image-embedding', preprocess, pooling: 'mean', normalize: true }),
  'image-segmentation': () =>
    imageModel(MAP, { task: 'image-segmentation', preprocess, activation: 'none' }, COLOURS),
  'object-detection': () =>
    imageModel(
      BOXES,
      {
        task: 'object-detection',
        preprocess: { crop, resize: 'letterbox', auto_orient: true },
        head: 'yolov8',
        threshold: 0.01,
      },
      ['cat', 'dog'],
    ),
};

async function laneOf(model: LoadableModel, options: Partial<ChildLaneOptions> = {}): Promise<TestLane> {
  const lane = testLane(options);
  await lane.load({ model: 'm', ...model, threads: 1 });
  return lane;
}

describe('a lane with decode threads', () => {
  it('answers rows of every image task, also bad ones, exactly as a lane without decode threads', async () => {
    const usual = testLane();
    const threaded = testLane({ decodeThreads: 3 });
    const rows = await mixedRows();
    for (const [name, model] of Object.entries(MODELS)) {
      const request = { model: name, ...model(), threads: 1 };
      await Promise.all([usual, threaded].map(async (lane) => lane.load(request)));
      await compare(name, rows, usual, threaded);
    }
  }, 60_000);

  async function compare(
    model: string,
    rows: readonly LaneInput[],
    usual: TestLane,
    threaded: TestLane,
  ): Promise<void> {
    const [expected, ...found] = await Promise.all([
      usual.run({ model, rows, options: {} }),
      threaded.run({ model, rows, options: {} }),
      // In this batch, rows have other neighbours, and images go into memory that an earlier batch has used.
      threaded.run({ model, rows: rows.toReversed(), options: {} }),
      threaded.run({ model, rows: rows.slice(0, 1), options: {} }),
    ]);
    const outcomes = comparable(expected.outcomes);
    expect(new Set(outcomes.map(codeOf))).toContain('ok');
    expect(new Set(outcomes.map(codeOf)).size).toBeGreaterThan(4);
    expect(
      found.map((batch) => comparable(batch.outcomes)),
      model,
    ).toEqual([outcomes, outcomes.toReversed(), outcomes.slice(0, 1)]);
    const stamps = rows.flatMap((row) =>
      'path' in row && /\d$/.test(row.path)
        ? [statSync(row.path).size, statSync(row.path).mtimeMs]
        : [NaN, NaN],
    );
    expect([expected.stamps, found[0]!.stamps], 'versions of files').toEqual([stamps, stamps]);
    // Threads read ahead, so only the sum over all batches is known.
    const alone = await usual.run({ model, rows: rows.slice(0, 1), options: {} });
    const read = found.reduce((sum, { timings }) => sum + timings.bytes, 0);
    expect(read).toBe(2 * expected.timings.bytes + alone.timings.bytes);
  }

  it('runs each row of a batch alone if the model fails on the batch', async () => {
    const config = { name: 'm', task: 'image-classification', preprocess: { crop: SIDE } };
    const model = writeModelFolder(testFolder(), darkOnlyModel(SIDE), config);
    const lane = await laneOf(model, { decodeThreads: 2 });
    const rows = await Promise.all([10, 250, 20].map(async (v) => ({ bytes: await plain(v, v, v) })));
    const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
    expect(outcomes.map(codeOf)).toEqual(['ok', 'inference_failed', 'ok']);
  });

  it('decodes no more images at once than the budget of the lane allows', async () => {
    const limits = { ...LIMITS, decodeBudgetBytes: 100 * MB };
    const lane = await laneOf(classifier(), { uvThreads: 5, decodeThreads: 5, limits });
    // An AVIF of 4 megapixels takes 80 MB.
    const create = { width: 2000, height: 2000, channels: 3, background: '#48a' } as const;
    const bytes = await sharp({ create }).avif({ effort: 0 }).toBuffer();
    const small = Array.from({ length: 40 }, async () => ({ bytes: await plain(1, 2, 3) }));
    await lane.run({ model: 'm', rows: [{ bytes }, ...(await Promise.all(small))], options: {} });
    const before = peakMemoryMb(lane.pid!);
    const rows = Array.from({ length: 6 }, () => ({ bytes }));
    const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
    expect(outcomes.map(codeOf)).toEqual(rows.map(() => 'ok'));
    // Each thread keeps some memory of its own, but five images at once would take 400 MB.
    expect(peakMemoryMb(lane.pid!) - before).toBeLessThan(210);
  }, 60_000);

  it('answers all pending batches when it is closed, and then exits', async () => {
    const lane = await laneOf(classifier(), { decodeThreads: 2 });
    const rows = [{ bytes: await plain(255, 0, 0) }, { bytes: await plain(0, 255, 0) }];
    const runs = [1, 2, 3].map(async () => lane.run({ model: 'm', rows, options: {} }));
    await lane.close();
    const results = await Promise.all(runs);
    expect(results.flatMap(({ outcomes }) => outcomes.map(codeOf))).toEqual(Array(6).fill('ok'));
    expect(await lane.exited).toEqual({ code: 0, signal: null });
  });

  it.skipIf(process.platform !== 'linux')(
    'is what a tuning measures if workers would have decode threads (needs Linux)',
    async () => {
      const { dir } = classifier();
      const folder = await loadModelFolder(dir);
      const shape = { lanes: 1, threads_per_lane: 1, decode_threads: 3 };
      const threadsOf = async (threaded: boolean) => {
        const set = startLaneSet(folder, LIMITS, shape, { threaded, loadTimeoutMs: 300_000 });
        try {
          await set.loaded;
          const { outcomes } = await set.run(0, [{ bytes: await plain(9, 9, 9) }]);
          expect(outcomes.errors).toEqual([]);
          return readdirSync(`/proc/${set.pids()[0]}/task`).length;
        } finally {
          await set.end();
        }
      };
      expect((await threadsOf(true)) - (await threadsOf(false))).toBeGreaterThanOrEqual(3);
    },
  );

  it.each(['killer.png', 'leaver.png'])('dies if %s ends one of its threads', async (name) => {
    const dir = testFolder();
    const path = join(dir, name);
    writeFileSync(path, await plain(1, 2, 3));
    const lane = await laneOf(classifier(), { entry, decodeThreads: 2 });
    const good = { bytes: await plain(4, 5, 6) };
    const run = async (rows: readonly LaneInput[]) => lane.run({ model: 'm', rows, options: {} });
    expect((await run([good])).outcomes.map((outcome: RowOutcome) => codeOf(outcome))).toEqual(['ok']);
    const runs = [run([good, { path, tenant: 'default' }]), run([good]), run([good])];
    const ends = await Promise.allSettled(runs);
    // The lane had begun the first two batches, so a worker would run their rows again, each alone.
    expect(
      ends.map((end) => end.status === 'rejected' && (end.reason as { touched?: boolean }).touched),
    ).toEqual([true, true, false]);
    expect((await lane.exited).signal).toBe('SIGKILL');
  });
});
