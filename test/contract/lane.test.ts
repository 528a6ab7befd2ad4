// What every Lane must do, here held against the child process. Models and images are made on the spot.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { codeOf, loadedLane, plain, predictionsOf, testFolder, testLane, LIMITS } from '../support/lanes.ts';
import {
  meanColourModel,
  twoOutputModel,
  writeModelFolder,
  type MeanColourModel,
} from '../support/onnx/models.ts';
import { darkOnlyModel, logarithmModel } from '../support/onnx/special-models.ts';

const SIDE = 8;
const COLOURS = ['red', 'green', 'blue'];
const ONE_HOT = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];
const config = { name: 'm', task: 'image-classification', preprocess: { crop: SIDE } };

function colourModel(variant: Partial<MeanColourModel> = {}, more: object = {}) {
  const graph = meanColourModel({ classes: ONE_HOT, side: SIDE, ...variant });
  return writeModelFolder(testFolder(), graph, { ...config, ...more }, COLOURS);
}

it('answers rows in order, labels in place, best first, with six digits', async () => {
  const lane = await loadedLane(colourModel());
  const rows = [{ bytes: await plain(255, 51, 0) }, { bytes: await plain(0, 100, 200) }];
  const { outcomes, timings } = await lane.run({ model: 'm', rows, topK: 2 });
  expect(outcomes[0]).toEqual({
    ok: true,
    result: '"predictions":[{"index":0,"label":"red","score":1},{"index":1,"label":"green","score":0.2}]',
  });
  expect(predictionsOf(outcomes[1]).map((p) => p.label)).toEqual(['blue', 'green']);
  expect(predictionsOf(outcomes[1])[0]!.score).toBe(0.784314);
  expect(timings.inferMs).toBeGreaterThan(0);
});

it.each<[string, Partial<MeanColourModel>, object]>([
  ['a fixed batch of 4, filled up and split', { batch: 4 }, {}],
  ['a fixed batch of 1', { batch: 1 }, {}],
  ['half precision in and out', { type: 'float16' }, {}],
  ['half precision at a fixed batch', { type: 'float16', batch: 1 }, {}],
  ['channels last', { layout: 'nhwc' }, {}],
  ['trailing dimensions of 1', { trailingOnes: true }, {}],
  ['raw pixels as uint8', { type: 'uint8' }, { preprocess: { crop: SIDE, rescale: 1 } }],
])('serves a graph with %s', async (_, variant, more) => {
  const lane = await loadedLane(colourModel(variant, more));
  const colours = [
    [200, 20, 10],
    [20, 200, 10],
    [10, 20, 200],
    [90, 80, 70],
    [1, 2, 3],
  ];
  const rows = await Promise.all(colours.map(async ([r, g, b]) => ({ bytes: await plain(r!, g!, b!) })));
  const { outcomes } = await lane.run({ model: 'm', rows, topK: 1 });
  expect(outcomes.map((o) => predictionsOf(o)[0]!.index)).toEqual([0, 1, 2, 0, 2]);
});

it('feeds BGR with mean and std in tensor order', async () => {
  const preprocess = { crop: SIDE, color_order: 'bgr', rescale: 1, mean: [10, 0, 0], std: [2, 1, 1] };
  const lane = await loadedLane(colourModel({}, { preprocess }));
  const rows = [{ bytes: await plain(3, 0, 30) }];
  const { outcomes } = await lane.run({ model: 'm', rows, topK: 3 });
  expect(predictionsOf(outcomes[0]).map((p) => [p.index, p.score])).toEqual([
    [0, 10],
    [2, 3],
    [1, 0],
  ]);
});

it('never lets a row see what an earlier batch left in its tensor', async () => {
  for (const batch of [undefined, 4]) {
    const lane = await loadedLane(colourModel(batch === undefined ? {} : { batch }));
    const broken = { bytes: Buffer.from('no image') };
    // 4 x 4 pixels within 8 x 8: the black around them is a quarter, as is the mean.
    const runs = Array.from({ length: 12 }, async (_, i) => {
      const colour = 20 * (i + 1);
      const small = { bytes: await plain(colour, colour - 12, 0, SIDE / 2) };
      const full = { bytes: await plain(0, colour, 0, SIDE) };
      const rows = [[full, full, full, full, full], [broken, small, broken, full], [small], [broken, broken]][
        i % 4
      ]!;
      const { outcomes } = await lane.run({ model: 'm', rows, topK: 3 });
      const expected = rows.map((row) =>
        row === broken
          ? 'unsupported_format'
          : row === full
            ? [0, colour, 0]
            : [colour / 4, (colour - 12) / 4, 0],
      );
      expect(outcomes.map((o) => (o.ok ? means(o) : codeOf(o)))).toEqual(expected);
    });
    await Promise.all(runs);
  }
});

/** Of red, green and blue, 0 to 255. */
function means(outcome: RowOutcome): number[] {
  const scores = predictionsOf(outcome).toSorted((a, b) => a.index - b.index);
  return scores.map(({ score }) => Math.round(score * 255 * 100) / 100);
}

it('decodes a batch as it asks, whatever the config says, and names the codec in use', async () => {
  const model = colourModel({}, { preprocess: { crop: SIDE, resize: SIDE } });
  const lane = testLane();
  const { decoder } = await lane.load({ model: 'm', ...model, threads: 1 });
  expect(decoder).toEqual({ mode: 'exact', jpeg: 'turbo-wasm' });
  const noise = Uint8Array.from({ length: 90 * 90 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
  const jpeg = sharp(noise, { raw: { width: 90, height: 90, channels: 3 } }).jpeg({ quality: 60 });
  const rows = [{ bytes: await jpeg.toBuffer() }];
  const answer = async (decode: object) =>
    (await lane.run({ model: 'm', rows, topK: 3, ...decode })).outcomes[0];
  const own = await answer({});
  expect(codeOf(own!)).toBe('ok');
  expect(await answer({ decode: 'exact' })).toEqual(own);
  expect(await answer({ decode: 'shrink' })).not.toEqual(own);
  const fast = await lane.load({
    model: 'fast',
    ...model,
    config: { ...model.config, preprocess: { ...model.config.preprocess, decode: 'fast' } },
    threads: 1,
  });
  const quick = await answer({ decode: 'fast' });
  if (fast.decoder.jpeg === 'turbo-native') expect(quick).not.toEqual(own);
  else expect(quick).toEqual(own);
  expect(await answer({})).toEqual(own);
});

it('applies softmax where asked for, and breaks ties by the lower index', async () => {
  const lane = await loadedLane(colourModel({}, { softmax: true }));
  const { outcomes } = await lane.run({ model: 'm', rows: [{ bytes: await plain(7, 7, 7) }], topK: 5 });
  expect(predictionsOf(outcomes[0]).map((p) => [p.index, p.score])).toEqual([
    [0, 0.333333],
    [1, 0.333333],
    [2, 0.333333],
  ]);
});

it('opens local files itself, and each bad row is one coded error that names no path', async () => {
  const dir = testFolder();
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(dir, name), content);
    return { path: join(dir, name), tenant: 'default' };
  };
  mkdirSync(join(dir, 'folder'));
  symlinkSync(join(dir, 'loop'), join(dir, 'loop'));
  const good = await plain(0, 255, 0);
  const bomb = Buffer.from(good);
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const lane = await loadedLane(colourModel());
  const rows = [
    file('odd [1] name.png[0]', good),
    { path: join(dir, 'absent.jpg'), tenant: 'default' },
    { path: join(dir, 'folder'), tenant: 'default' },
    { path: join(dir, 'loop'), tenant: 'default' },
    file('empty.jpg', ''),
    file('big.jpg', Buffer.alloc(LIMITS.maxFileBytes + 1)),
    file('text.jpg', 'not an image'),
    file('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
    file('cut.png', good.subarray(0, 60)),
    file('bomb.png', bomb),
    { bytes: new Uint8Array() },
    { bytes: good },
  ];
  const { outcomes } = await lane.run({ model: 'm', rows, topK: 1 });
  expect(outcomes.map(codeOf)).toEqual([
    'ok',
    'file_not_found',
    'file_unreadable',
    'file_unreadable',
    'empty_file',
    'file_too_large',
    'unsupported_format',
    'unsupported_format',
    'decode_failed',
    'too_many_pixels',
    'empty_file',
    'ok',
  ]);
  const messages = outcomes.flatMap((o) => (o.ok ? [] : [o.error.message]));
  expect(messages.filter((m) => m.includes(dir) || m.includes('\n'))).toEqual([]);
});

it('retries a batch that throws row by row, so that only the guilty row fails', async () => {
  const dir = testFolder();
  const lane = await loadedLane(writeModelFolder(dir, darkOnlyModel(SIDE), config));
  const rows = await Promise.all([10, 250, 20].map(async (v) => ({ bytes: await plain(v, v, v) })));
  const { outcomes } = await lane.run({ model: 'm', rows, topK: 1 });
  expect(outcomes.map(codeOf)).toEqual(['ok', 'inference_failed', 'ok']);
});

it('takes logits of minus infinity for probabilities of 0', async () => {
  const graph = logarithmModel(SIDE, 1);
  const lane = await loadedLane(writeModelFolder(testFolder(), graph, { ...config, softmax: true }));
  const rows = [{ bytes: await plain(0, 0, 0) }];
  const { outcomes } = await lane.run({ model: 'm', rows, topK: 2 });
  expect(predictionsOf(outcomes[0])).toEqual([
    { index: 1, score: 1 },
    { index: 0, score: 0 },
  ]);
});

it('makes a row whose scores are not numbers an error, and leaves the others', async () => {
  const lane = await loadedLane(writeModelFolder(testFolder(), logarithmModel(SIDE), config));
  const rows = [{ bytes: await plain(0, 0, 0) }, { bytes: await plain(255, 255, 255) }];
  const { outcomes } = await lane.run({ model: 'm', rows, topK: 1 });
  expect(outcomes[0]).toEqual({
    ok: false,
    error: { code: 'inference_failed', message: 'the model returned -Infinity (class 0)' },
  });
  expect(predictionsOf(outcomes[1])).toEqual([{ index: 0, score: 0 }]);
});

it('holds several models at once', async () => {
  const lane = await loadedLane(colourModel());
  const other = writeModelFolder(testFolder(), logarithmModel(SIDE), config);
  const info = await lane.load({ model: 'other', ...other, threads: 1 });
  expect(info.output).toEqual({ name: 'scores', type: 'float32', shape: ['N', 2] });
  const rows = [{ bytes: await plain(0, 0, 255) }];
  const [a, b] = await Promise.all([
    lane.run({ model: 'm', rows, topK: 1 }),
    lane.run({ model: 'other', rows, topK: 1 }),
  ]);
  expect(predictionsOf(a.outcomes[0])[0]!.label).toBe('blue');
  expect(predictionsOf(b.outcomes[0])[0]!.label).toBeUndefined();
});

it('refuses a config that contradicts the graph, naming both sides, and a file that is no graph', async () => {
  const lane = testLane();
  const load = async (model: ReturnType<typeof colourModel>) =>
    lane.load({ model: 'm', ...model, threads: 1 });
  await expect(load(colourModel({}, { preprocess: { crop: 9 } }))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: `preprocess.crop is 9, but the graph's input is "image" float32[N,3,8,8]`,
  });
  await expect(load({ ...colourModel(), labels: ['one', 'two'] })).rejects.toMatchObject({
    code: 'config_mismatch',
    message: `the labels file has 2 names, but the graph's output "scores" float32[N,3] has 3 classes`,
  });
  const garbage = writeModelFolder(testFolder(), Buffer.from('garbage'), config);
  await expect(load(garbage)).rejects.toMatchObject({ code: 'model_load_failed' });
  await expect(load(colourModel())).resolves.toMatchObject({ fixedBatch: null });
});

it.each<[string, Buffer, object, RegExp]>([
  [
    'softmax over one class',
    meanColourModel({ classes: [[1, 0, 0]], side: SIDE }),
    { softmax: true },
    /softmax makes every score 1.*"activation": "sigmoid"/,
  ],
  [
    'a regression as a class',
    meanColourModel({ classes: [[1, 0, 0]], side: SIDE, output: 'price' }),
    { softmax: false },
    /nothing says what it is.*"activation"/,
  ],
  [
    'an embedding as classes',
    meanColourModel({ classes: ONE_HOT, side: SIDE, output: 'image_embeds' }),
    { softmax: true },
    /nothing says that the output holds class scores.*"activation"/,
  ],
  [
    'numbers that nothing calls scores',
    meanColourModel({ classes: [...ONE_HOT, [-9, 0, 0]], side: SIDE }),
    { softmax: false },
    /its numbers are not probabilities/,
  ],
  [
    'the first of two outputs',
    twoOutputModel(SIDE),
    { softmax: true },
    /name one in model\.json, such as "output"/,
  ],
])('does not serve %s', async (_what, graph, more, says) => {
  const model = writeModelFolder(testFolder(), graph, { ...config, ...more });
  await expect(loadedLane(model)).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});

it('serves the output that model.json names, and a binary model by its one logit', async () => {
  const two = writeModelFolder(testFolder(), twoOutputModel(SIDE), { ...config, output: 'others' }, [
    'a',
    'b',
  ]);
  const lane = await loadedLane(two);
  const rows = [{ bytes: await plain(51, 51, 51) }];
  const answers = async (model: string) =>
    predictionsOf((await lane.run({ model, rows, topK: 2 })).outcomes[0]).map(({ label, score }) => [
      label,
      score,
    ]);
  expect(await answers('m')).toEqual([
    ['a', 0.4],
    ['b', 0.4],
  ]);
  const logit = meanColourModel({ classes: [[5 * Math.log(3), 0, 0]], side: SIDE });
  const binary = { ...config, activation: 'sigmoid' };
  await lane.load({
    model: 'binary',
    ...writeModelFolder(testFolder(), logit, binary, ['no', 'yes']),
    threads: 1,
  });
  expect(await answers('binary')).toEqual([
    ['yes', 0.75],
    ['no', 0.25],
  ]);
});

it('answers every one of many batches sent at once', async () => {
  const lane = await loadedLane(colourModel());
  const rows = [{ bytes: await plain(1, 2, 3) }];
  const all = await Promise.all(
    Array.from({ length: 20 }, async () => lane.run({ model: 'm', rows, topK: 1 })),
  );
  expect(new Set(all.map((r) => JSON.stringify(r.outcomes))).size).toBe(1);
});

it('finishes the batches in flight before it closes, and ends with exit code 0', async () => {
  const lane = await loadedLane(colourModel());
  const rows = [{ bytes: await plain(9, 2, 3) }];
  const running = lane.run({ model: 'm', rows, topK: 1 });
  await lane.close();
  expect(predictionsOf((await running).outcomes[0])[0]!.label).toBe('red');
  expect(await lane.exited).toEqual({ code: 0, signal: null });
  expect(lane.pid).toBeNull();
  await expect(lane.run({ model: 'm', rows, topK: 1 })).rejects.toMatchObject({ name: 'LaneDied' });
});
