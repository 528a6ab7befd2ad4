// The answers of a lane in a child process. The test creates the models and the images.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { OptionValues } from '#forebay/shared/tasks/task-description.js';
import {
  codeOf,
  loadedLane,
  loadedOwnLane,
  plain,
  predictionsOf,
  sharedLane,
  testFolder,
} from '../../support/lanes.ts';
import {
  checkedConfig,
  meanColourModel,
  twoOutputModel,
  writeModelFolder,
  type MeanColourModel,
  writeLabels,
} from '../../support/onnx/models.ts';
import { step } from '../../support/onnx/mean-model.ts';
import { graphOf } from '../../support/onnx/tensor-models.ts';
import { logarithmModel } from '../../support/onnx/special-models.ts';

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

it('one number per row needs no dimension of its own', async () => {
  const graph = graphOf({
    inputs: [{ name: 'x', type: 'float32', shape: ['N', 3, SIDE, SIDE] }],
    outputs: [{ name: 'y', type: 'float32', shape: ['N'] }],
    operators: [step('ReduceMean', ['x'], 'y', { axes: [1, 2, 3], keepdims: 0 })],
  });
  const folder = writeModelFolder(testFolder(), graph, { ...config, activation: 'none' });
  const lane = await loadedLane(folder);
  const rows = await Promise.all(
    [255, 51, 0].map(async (grey) => ({ bytes: await plain(grey, grey, grey) })),
  );
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map((outcome) => predictionsOf(outcome)[0]!.score)).toEqual([1, 0.2, 0]);
});

it('a lane answers rows in order, with labels, the best class first, and scores rounded to six digits', async () => {
  const lane = await loadedLane(colourModel());
  const rows = [{ bytes: await plain(255, 51, 0) }, { bytes: await plain(0, 100, 200) }];
  const { outcomes, timings } = await lane.run({ model: 'm', rows, options: { top_k: 2 } });
  expect(outcomes[0]).toEqual({
    ok: true,
    result: '"predictions":[{"index":0,"label":"red","score":1},{"index":1,"label":"green","score":0.2}]',
  });
  expect(predictionsOf(outcomes[1]).map((p) => p.label)).toEqual(['blue', 'green']);
  expect(predictionsOf(outcomes[1])[0]!.score).toBe(0.784314);
  expect(timings.inferMs).toBeGreaterThan(0);
});

it.each<[string, Partial<MeanColourModel>, object]>([
  ['a fixed batch of 4, padded and split', { batch: 4 }, {}],
  ['a fixed batch of 1', { batch: 1 }, {}],
  ['half precision in and out', { type: 'float16' }, {}],
  ['half precision at a fixed batch', { type: 'float16', batch: 1 }, {}],
  ['channels last', { layout: 'nhwc' }, {}],
  ['trailing dimensions of 1', { trailingOnes: true }, {}],
  ['raw pixels as uint8', { type: 'uint8' }, { preprocess: { crop: SIDE, rescale: 1 } }],
])('a lane serves a graph with %s', async (_, variant, more) => {
  const lane = await loadedLane(colourModel(variant, more));
  const colours = [
    [200, 20, 10],
    [20, 200, 10],
    [10, 20, 200],
    [90, 80, 70],
    [1, 2, 3],
  ];
  const rows = await Promise.all(colours.map(async ([r, g, b]) => ({ bytes: await plain(r!, g!, b!) })));
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map((o) => predictionsOf(o)[0]!.index)).toEqual([0, 1, 2, 0, 2]);
});

it('mean and std apply in tensor order to a model that takes BGR', async () => {
  const preprocess = { crop: SIDE, color_order: 'bgr', rescale: 1, mean: [10, 0, 0], std: [2, 1, 1] };
  const lane = await loadedLane(colourModel({}, { preprocess }));
  const rows = [{ bytes: await plain(3, 0, 30) }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 3 } });
  expect(predictionsOf(outcomes[0]).map((p) => [p.index, p.score])).toEqual([
    [0, 10],
    [2, 3],
    [1, 0],
  ]);
});

it('a batch is decoded in the mode that it requests, and a note tells if the fast decoder is missing', async () => {
  const model = colourModel({}, { preprocess: { crop: SIDE, resize: SIDE } });
  const lane = sharedLane();
  const { notes } = await lane.load({ model: 'm', ...model, threads: 1 });
  expect(notes).toEqual([]);
  const noise = Uint8Array.from({ length: 90 * 90 * 3 }, (_, i) => (i * 2_654_435_761) >>> 24);
  const jpeg = sharp(noise, { raw: { width: 90, height: 90, channels: 3 } }).jpeg({ quality: 60 });
  const rows = [{ bytes: await jpeg.toBuffer() }];
  const answer = async (decode: OptionValues) =>
    (await lane.run({ model: 'm', rows, options: { top_k: 3, ...decode } })).outcomes[0];
  const own = await answer({});
  expect(codeOf(own!)).toBe('ok');
  expect(await answer({ decode: 'exact' })).toEqual(own);
  expect(await answer({ decode: 'shrink' })).not.toEqual(own);
  const fast = await lane.load({
    model: 'fast',
    ...model,
    config: checkedConfig({ ...model.config, preprocess: { crop: SIDE, resize: SIDE, decode: 'fast' } }),
    threads: 1,
  });
  const quick = await answer({ decode: 'fast' });
  if (fast.notes.length === 0) expect(quick).not.toEqual(own);
  else expect(quick).toEqual(own);
  expect(await answer({})).toEqual(own);
});

it('softmax is applied if the config asks for it, and the lower index wins a tie', async () => {
  const lane = await loadedLane(colourModel({}, { softmax: true }));
  const { outcomes } = await lane.run({
    model: 'm',
    rows: [{ bytes: await plain(7, 7, 7) }],
    options: { top_k: 5 },
  });
  expect(predictionsOf(outcomes[0]).map((p) => [p.index, p.score])).toEqual([
    [0, 0.333333],
    [1, 0.333333],
    [2, 0.333333],
  ]);
});

it('a lane holds several models at once', async () => {
  const lane = await loadedLane(colourModel());
  const other = writeModelFolder(testFolder(), logarithmModel(SIDE), config);
  const info = await lane.load({ model: 'other', ...other, threads: 1 });
  expect(info.outputs).toEqual([{ name: 'scores', type: 'float32', shape: ['N', 2] }]);
  const rows = [{ bytes: await plain(0, 0, 255) }];
  const [a, b] = await Promise.all([
    lane.run({ model: 'm', rows, options: { top_k: 1 } }),
    lane.run({ model: 'other', rows, options: { top_k: 1 } }),
  ]);
  expect(predictionsOf(a.outcomes[0])[0]!.label).toBe('blue');
  expect(predictionsOf(b.outcomes[0])[0]!.label).toBeUndefined();
});

it('a lane refuses a file that is not a graph, and a config that contradicts its graph', async () => {
  const lane = sharedLane();
  const load = async (model: ReturnType<typeof colourModel>) =>
    lane.load({ model: 'm', ...model, threads: 1 });
  await expect(load(colourModel({}, { preprocess: { crop: 9 } }))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: `preprocess.crop is 9, but the graph's input is "image" float32[N,3,8,8]: set it to 8`,
  });
  const twoNames = colourModel();
  await expect(
    load({ ...twoNames, named: [writeLabels(twoNames.dir, ['one', 'two'])] }),
  ).rejects.toMatchObject({
    code: 'config_mismatch',
    message: `the labels file has 2 names, but the graph's output "scores" float32[N,3] has 3 classes: give one name per class, in the order of the scores`,
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
    'a regression output as a class',
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
    'numbers that nothing identifies as scores',
    meanColourModel({ classes: [...ONE_HOT, [-9, 0, 0]], side: SIDE }),
    { softmax: false },
    /its numbers are not probabilities/,
  ],
  [
    'two outputs of which the config names none',
    twoOutputModel(SIDE),
    { softmax: true },
    /name one in model\.json, such as "output"/,
  ],
])('a lane does not serve %s', async (_what, graph, more, says) => {
  const model = writeModelFolder(testFolder(), graph, { ...config, ...more });
  await expect(loadedLane(model)).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});

it('a lane serves the output that model.json names, and both classes of a binary model with one logit', async () => {
  const two = writeModelFolder(testFolder(), twoOutputModel(SIDE), { ...config, output: 'others' }, [
    'a',
    'b',
  ]);
  const lane = await loadedLane(two);
  const rows = [{ bytes: await plain(51, 51, 51) }];
  const answers = async (model: string) =>
    predictionsOf((await lane.run({ model, rows, options: { top_k: 2 } })).outcomes[0]).map(
      ({ label, score }) => [label, score],
    );
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

it('a lane answers each of many batches that are sent at once', async () => {
  const lane = await loadedLane(colourModel());
  const rows = [{ bytes: await plain(1, 2, 3) }];
  const all = await Promise.all(
    Array.from({ length: 20 }, async () => lane.run({ model: 'm', rows, options: { top_k: 1 } })),
  );
  expect(new Set(all.map((r) => JSON.stringify(r.outcomes))).size).toBe(1);
});

it('a lane finishes the batches in flight before it closes, and ends with exit code 0', async () => {
  const lane = await loadedOwnLane(colourModel());
  const rows = [{ bytes: await plain(9, 2, 3) }];
  const running = lane.run({ model: 'm', rows, options: { top_k: 1 } });
  await lane.close();
  expect(predictionsOf((await running).outcomes[0])[0]!.label).toBe('red');
  expect(await lane.exited).toEqual({ code: 0, signal: null });
  expect(lane.pid).toBeNull();
  await expect(lane.run({ model: 'm', rows, options: { top_k: 1 } })).rejects.toMatchObject({
    name: 'LaneDied',
  });
});
