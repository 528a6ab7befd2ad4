// Image segmentation from a lane. The graphs compute their maps from the colours of the image.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { decodeCounts } from '../../support/decode-counts.ts';
import { loadedLane } from '../../support/lanes.ts';
import { floatOutput, imageModel, picture, type ImageGraph } from '../../support/onnx/image-graph.ts';
import { floats, step } from '../../support/onnx/mean-model.ts';

const WIDTH = 12;
const HEIGHT = 8;
const crop = { width: WIDTH, height: HEIGHT };
const preprocess = { crop, resize: crop, interpolation: 'nearest' };
const config = { task: 'image-segmentation', preprocess, activation: 'none' };
const COLOURS = ['red', 'green', 'blue'];

const PLANES: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [floatOutput('map', 'N', 3, HEIGHT, WIDTH)],
  operators: [step('Identity', ['image'], 'map')],
};
const CHANNELS_LAST: ImageGraph = {
  shape: [2, HEIGHT, WIDTH, 3],
  outputs: [floatOutput('map', 2, HEIGHT, WIDTH, 3)],
  operators: [step('Identity', ['image'], 'map')],
};
const NUMBERS: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [{ name: 'map', type: 'int64', shape: ['N', HEIGHT, WIDTH] }],
  operators: [step('ArgMax', ['image'], 'map', { axis: 1, keepdims: 0 })],
};
const BRIGHTNESS: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [floatOutput('map', 'N', 1, HEIGHT, WIDTH)],
  operators: [step('ReduceMean', ['image'], 'map', { axes: [1], keepdims: 1 })],
};

/** Red, with a blue part on the right and a green corner on the bottom left. */
function flag(x: number, y: number, width: number, height: number): [number, number, number] {
  if (x >= (width * 3) / 4) return [0, 0, 200];
  return x < width / 3 && y >= height / 2 ? [0, 100, 0] : [250, 0, 0];
}

async function flagOf(width: number, height: number): Promise<Uint8Array> {
  return picture(width, height, (x, y) => flag(x, y, width, height));
}

it.each<[string, ImageGraph, object, boolean]>([
  ['planes of classes', PLANES, {}, true],
  ['planes of logits', PLANES, { activation: 'softmax', preprocess: { ...preprocess, rescale: 1 } }, true],
  ['channels last, at a fixed batch', CHANNELS_LAST, {}, true],
  ['class numbers', NUMBERS, { activation: undefined }, false],
])('the segments of a map of %s cover the original image', async (_, graph, more, hasScores) => {
  const lane = await loadedLane(imageModel(graph, { ...config, ...more }, COLOURS));
  const rows = [
    { bytes: await flagOf(WIDTH, HEIGHT) },
    { bytes: await flagOf(48, 32) },
    { bytes: await flagOf(12, 8) },
  ];
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  const small = segmentsOf(outcomes[0]);
  expect(small.map(({ index, label, area }) => [index, label, area])).toEqual([
    [0, 'red', 56],
    [2, 'blue', 24],
    [1, 'green', 16],
  ]);
  expect(small.every(({ score }) => (hasScores ? score! > 0.39 : score === undefined))).toBe(true);
  for (const { index, rle } of small) {
    expect(rle.size).toEqual([HEIGHT, WIDTH]);
    expect(maskOf(rle)).toEqual(expectedMask(WIDTH, HEIGHT, index));
  }
  const large = segmentsOf(outcomes[1]);
  expect(large.map(({ label }) => label)).toEqual(['red', 'blue', 'green']);
  expect(large.reduce((sum, { area }) => sum + area, 0)).toBe(48 * 32);
  // Interpolation moves a border by less than a cell, which is 4 x 4 pixels.
  expect(Math.abs(large[1]!.area - 12 * 32)).toBeLessThan(4 * 32);
  expect(outcomes[2]).toEqual(outcomes[0]);
});

it('a map of one class gives the pixels that reach a threshold, which a job may set', async () => {
  const lane = await loadedLane(imageModel(BRIGHTNESS, { ...config, threshold: 0.3 }, ['bright']));
  const bytes = await picture(WIDTH, HEIGHT, (x) =>
    x < 3 ? [255, 255, 255] : x < 6 ? [102, 102, 102] : [0, 0, 0],
  );
  const answer = async (options: object) => {
    const { outcomes } = await lane.run({ model: 'm', rows: [{ bytes }], options: { ...options } });
    return segmentsOf(outcomes[0]).map(({ label, area, score }) => [label, area, score]);
  };
  expect(await answer({})).toEqual([['bright', 6 * HEIGHT, 0.7]]);
  expect(await answer({ threshold: 0.9 })).toEqual([['bright', 3 * HEIGHT, 1]]);
  expect(await answer({ threshold: 1 })).toEqual([['bright', 3 * HEIGHT, 1]]);
});

it('with sigmoid each class has its own pixels, which may overlap', async () => {
  const logits: ImageGraph = {
    ...PLANES,
    operators: [step('Sub', ['image', 'half'], 'map')],
    weights: [floats('half', [], [0.5])],
  };
  const lane = await loadedLane(imageModel(logits, { ...config, activation: 'sigmoid' }, COLOURS));
  const bytes = await picture(WIDTH, HEIGHT, (x) => [x < 6 ? 255 : 0, x < 3 ? 255 : 0, 0]);
  const { outcomes } = await lane.run({ model: 'm', rows: [{ bytes }], options: {} });
  expect(segmentsOf(outcomes[0]).map(({ label, area }) => [label, area])).toEqual([
    ['red', 48],
    ['green', 24],
  ]);
});

it('with sigmoid and a threshold of 1, the pixels whose scores round to 1 are found', async () => {
  const logits: ImageGraph = {
    ...PLANES,
    operators: [step('Mul', ['image', 'forty'], 'map')],
    weights: [floats('forty', [], [40])],
  };
  const more = { activation: 'sigmoid', threshold: 1 };
  const lane = await loadedLane(imageModel(logits, { ...config, ...more }, COLOURS));
  const rows = [{ bytes: await picture(WIDTH, HEIGHT, () => [255, 0, 0]) }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  expect(segmentsOf(outcomes[0]).map(({ label, score }) => [label, score])).toEqual([['red', 1]]);
});

it('segments contain no ignored class, no padding and no pixel that was cropped away', async () => {
  const letterbox = { ...preprocess, resize: 'letterbox', pad: [0, 255, 0] };
  const fitted = await loadedLane(
    imageModel(PLANES, { ...config, preprocess: letterbox, ignore: [2] }, COLOURS),
  );
  // 24 x 32 becomes 6 x 8, with green padding on both sides. No segment is green.
  const bytes = await picture(24, 32, (_, y) => (y < 16 ? [255, 0, 0] : [0, 0, 255]));
  const { outcomes } = await fitted.run({ model: 'm', rows: [{ bytes }], options: {} });
  expect(segmentsOf(outcomes[0])).toMatchObject([{ index: 0, area: 24 * 16, rle: { size: [32, 24] } }]);

  const cut = await loadedLane(imageModel(PLANES, { ...config, preprocess: { crop, resize: 8 } }, COLOURS));
  const wide = await picture(200, 16, () => [255, 0, 0]);
  const cropped = segmentsOf(
    (await cut.run({ model: 'm', rows: [{ bytes: wide }], options: {} })).outcomes[0],
  );
  expect(cropped.map(({ label, area }) => [label, area])).toEqual([['red', 24 * 16]]);
});

it.each([
  [true, [48, 32], 48],
  [false, [32, 48], 32],
])(
  'with auto_orient %s, segments have the orientation that the model saw',
  async (auto_orient, size, area) => {
    const lane = await loadedLane(
      imageModel(PLANES, { ...config, preprocess: { ...preprocess, auto_orient } }, COLOURS),
    );
    const bytes = await sharp(await picture(48, 32, () => [255, 0, 0]))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const [red] = segmentsOf((await lane.run({ model: 'm', rows: [{ bytes }], options: {} })).outcomes[0]);
    expect(red!.rle.size).toEqual(size);
    expect(red!.area % area).toBe(0);
  },
);

it('NaN in a map and a class without a label are errors of their rows', async () => {
  const root: ImageGraph = {
    ...PLANES,
    operators: [step('Sub', ['image', 'half'], 'less'), step('Sqrt', ['less'], 'map')],
    weights: [floats('half', [], [0.5])],
  };
  const lane = await loadedLane(imageModel(root, config, COLOURS));
  const rows = [
    { bytes: await flagOf(9, 9) },
    { bytes: await picture(9, 9, () => [255, 255, 255]) },
    { json: '{}' },
  ];
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  expect(outcomes[0]).toMatchObject({ ok: false, error: { code: 'inference_failed', message: /NaN/ } });
  expect(segmentsOf(outcomes[1])).toHaveLength(1);
  expect(outcomes[2]).toMatchObject({ ok: false, error: { code: 'invalid_row' } });
  const numbers = await loadedLane(
    imageModel(NUMBERS, { ...config, activation: undefined }, ['red', 'green']),
  );
  const [unknown] = (await numbers.run({ model: 'm', rows, options: {} })).outcomes;
  expect(unknown).toMatchObject({
    ok: false,
    error: { message: /class 2, but the labels file has 2 names/ },
  });
});

it.each<[string, ImageGraph, object, RegExp]>([
  [
    'a map without an activation',
    PLANES,
    { activation: undefined },
    /set "activation" in model\.json to "softmax"/,
  ],
  ['more labels than classes', BRIGHTNESS, {}, /labels file has 3 names, but .* has 1 class/],
  ['softmax over one class', BRIGHTNESS, { activation: 'softmax', labels: 1 }, /softmax makes every score 1/],
  [
    'an ignored class that is not there',
    PLANES,
    { ignore: [3] },
    /ignore names class 3, but .* has 3 classes/,
  ],
  [
    'several class numbers per pixel',
    numbersOfMany(),
    { activation: undefined },
    /one number per pixel, but .* 3 classes/,
  ],
  [
    'two maps of which the config names none',
    twoMaps(),
    {},
    /which output holds the map of classes.*"output": "map"/,
  ],
])('a lane does not serve %s', async (_, graph, { labels = 3, ...more }: { labels?: number }, says) => {
  const model = imageModel(graph, { ...config, ...more }, COLOURS.slice(0, labels));
  await expect(loadedLane(model)).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});

function numbersOfMany(): ImageGraph {
  return {
    ...PLANES,
    outputs: [{ name: 'map', type: 'int64', shape: ['N', 3, HEIGHT, WIDTH] }],
    operators: [step('Cast', ['image'], 'map', { to: 7 })],
  };
}

function twoMaps(): ImageGraph {
  return {
    ...PLANES,
    outputs: [...PLANES.outputs, floatOutput('auxiliary', 'N', 3, HEIGHT, WIDTH)],
    operators: [...PLANES.operators, step('Identity', ['image'], 'auxiliary')],
  };
}

interface Segment {
  readonly index: number;
  readonly label?: string;
  readonly score?: number;
  readonly area: number;
  readonly rle: { readonly size: readonly [number, number]; readonly counts: string };
}

function segmentsOf(outcome: RowOutcome | undefined): Segment[] {
  if (outcome?.ok !== true) throw new Error(`a failed row: ${JSON.stringify(outcome)}`);
  return (JSON.parse(`{${outcome.result}}`) as { segments: Segment[] }).segments;
}

function maskOf({ size: [height, width], counts }: Segment['rle']): number[] {
  return [...decodeCounts(counts, width * height)];
}

/** The mask of one colour channel of the flag, column by column. */
function expectedMask(width: number, height: number, channel: number): number[] {
  return Array.from({ length: width * height }, (_, i) =>
    flag(Math.floor(i / height), i % height, width, height)[channel]! > 0 ? 1 : 0,
  );
}
