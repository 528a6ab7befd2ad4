// Object detection from a lane. The graphs return known boxes, whatever the image.
import sharp from 'sharp';
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { loadedLane, plain } from '../../support/lanes.ts';
import type { Weights } from '../../support/onnx/graph.ts';
import { floatOutput, imageModel, picture, type ImageGraph } from '../../support/onnx/image-graph.ts';
import { floats, ints, step } from '../../support/onnx/mean-model.ts';

const SIDE = 64;
const preprocess = { crop: SIDE, resize: 'letterbox', pad: 114 };
const config = { task: 'object-detection', preprocess };
const LABELS = ['cat', 'dog'];

/** A graph whose outputs are these numbers for every image. */
function constant(
  outputs: Readonly<Record<string, readonly number[][]>>,
  batch: number | 'N' = 'N',
): ImageGraph {
  const parts = Object.entries(outputs).map(([name, lines]) => ({
    name,
    value: floats(`all_${name}`, [1, lines.length, lines[0]!.length], lines.flat()),
  }));
  return {
    shape: [batch, 3, SIDE, SIDE],
    outputs: parts.map(({ name, value }) => floatOutput(name, batch, ...value.shape.slice(1))),
    operators: [
      step('ReduceMean', ['image'], 'mean', { axes: [1, 2, 3], keepdims: 0 }),
      step('Mul', ['mean', 'zero'], 'zeros'),
      step('Reshape', ['zeros', 'rows'], 'column'),
      ...parts.map(({ name, value }) => step('Add', ['column', value.name], name)),
    ],
    weights: [floats('zero', [], [0]), ints('rows', [-1, 1, 1]), ...parts.map(({ value }): Weights => value)],
  };
}

/** Transposes a list of boxes. */
function turned(lines: readonly number[][]): number[][] {
  return lines[0]!.map((_, field) => lines.map((line) => line[field]!));
}

/** The same three boxes for every head: left, top, right, bottom in input pixels. The second overlaps the first. */
const BOXES = [
  [8, 16, 24, 48],
  [8, 16, 24, 44],
  [40, 24, 56, 40],
];
const centred = ([left, top, right, bottom]: number[]) => [
  (left! + right!) / 2,
  (top! + bottom!) / 2,
  right! - left!,
  bottom! - top!,
];
const fractions = (box: number[]) => box.map((value) => value / SIDE);
const SCORES = [
  [0.9, 0.1],
  [0.6, 0.2],
  [0.1, 0.5],
];
const logit = (p: number) => Math.log(p / (1 - p));

/** All cells of the grids with strides 32 and 64: [x, y, stride]. */
const GRID = [
  [0, 0, 32],
  [1, 0, 32],
  [0, 1, 32],
  [1, 1, 32],
  [0, 0, 64],
];
const yoloxLines = GRID.map(([x, y, stride], i) => {
  const [cx, cy, width, height] = centred(BOXES[i] ?? [0, 0, 64, 64]);
  const offsets = [
    cx! / stride! - x!,
    cy! / stride! - y!,
    Math.log(width! / stride!),
    Math.log(height! / stride!),
  ];
  return [...offsets, i < 3 ? 0.5 : 0, ...(SCORES[i] ?? [1, 1]).map((score) => score * (i < 3 ? 1 : 0))];
});
const best = SCORES.map(([cat, dog]) => [Math.max(cat!, dog!)]);
const classes = [[0], [0], [1]];

const HEADS: [string, ImageGraph, object, number][] = [
  ['yolox', constant({ output: yoloxLines }), { strides: [32, 64] }, 0.5],
  ['yolov5', constant({ output: BOXES.map((box, i) => [...centred(box), 0.5, ...SCORES[i]!]) }), {}, 0.5],
  ['yolov8', constant({ output0: turned([...BOXES, [0, 0, 0, 0], ...fillers(4)].map(yolov8Line)) }), {}, 1],
  ['yolov8', constant({ output0: [...BOXES, ...fillers(9)].map(yolov8Line) }), {}, 1],
  ['yolov8', constant({ output0: turned([...BOXES, ...fillers(9)].map(yolov8Line)) }, 2), {}, 1],
  [
    'detr',
    constant({
      logits: SCORES.map(([cat, dog]) => [
        Math.log(cat!),
        Math.log(dog!),
        Math.log(Math.max(1e-9, 1 - cat! - dog!)),
      ]),
      pred_boxes: BOXES.map((box) => fractions(centred(box))),
    }),
    { iou_threshold: 0.5 },
    1,
  ],
  [
    'detr',
    constant({
      logits: SCORES.map((scores) => scores.map(logit)),
      pred_boxes: BOXES.map((box) => fractions(centred(box))),
    }),
    { activation: 'sigmoid', iou_threshold: 0.5 },
    1,
  ],
  [
    'nms',
    constant({ detections: BOXES.map((box, i) => [...box, ...best[i]!, ...classes[i]!]) }),
    { iou_threshold: 0.5 },
    1,
  ],
  ['nms', separateOutputs(), { box_format: 'yxyx', box_units: 'fraction', iou_threshold: 0.5 }, 1],
];

function yolov8Line(box: number[], i: number): number[] {
  return [...centred(box), ...(SCORES[i] ?? [0, 0])];
}

function fillers(count: number): number[][] {
  return Array.from({ length: count }, () => [0, 0, 0, 0]);
}

/** Outputs as TensorFlow exports them: corners with y first, lists of scores and classes, and a count. */
function separateOutputs(): ImageGraph {
  const boxes = BOXES.map(([left, top, right, bottom]) => fractions([top!, left!, bottom!, right!]));
  const graph = constant({
    detection_boxes: [...boxes, [0, 0, 1, 1]],
    scores: [...best, [0.99]],
    classes: [...classes, [0]],
    counts: [[3]],
  });
  const lists: [string, string][] = [
    ['scores', 'detection_scores'],
    ['classes', 'detection_classes'],
    ['counts', 'num_detections'],
  ];
  return {
    ...graph,
    outputs: [
      graph.outputs[0]!,
      floatOutput('detection_scores', 'N', 4),
      floatOutput('detection_classes', 'N', 4),
      floatOutput('num_detections', 'N', 1),
    ],
    operators: [...graph.operators, ...lists.map(([from, to]) => step('Reshape', [from, 'list'], to))],
    weights: [...graph.weights!, ints('list', [0, -1])],
  };
}

it.each(HEADS)(
  'head %s returns boxes in pixels of the original image',
  async (head, graph, more, objectness) => {
    const lane = await loadedLane(imageModel(graph, { ...config, head, ...more }, LABELS));
    const black = () => [0, 0, 0] as const;
    // 128 x 64 is halved and padded with 16 lines above and below. 32 x 64 is padded with 16 columns on each side.
    const rows = [{ bytes: await picture(128, 64, black) }, { bytes: await picture(32, 64, black) }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
    const round = (score: number) => Math.round(score * objectness * 1e5) / 1e5;
    expect(detectionsOf(outcomes[0])).toEqual([
      { index: 0, label: 'cat', score: near(round(0.9)), box: [16, 0, 32, 64] },
      { index: 1, label: 'dog', score: near(round(0.5)), box: [80, 16, 32, 32] },
    ]);
    expect(detectionsOf(outcomes[1])).toEqual([
      { index: 0, label: 'cat', score: near(round(0.9)), box: [0, 16, 8, 32] },
      { index: 1, label: 'dog', score: near(round(0.5)), box: [24, 24, 8, 16] },
    ]);
  },
);

it('a job sets the threshold and the number of boxes, and overlapping boxes stay without iou_threshold', async () => {
  const [, graph] = HEADS[7]!;
  const lane = await loadedLane(imageModel(graph, { ...config, head: 'nms' }, LABELS));
  const rows = [{ bytes: await plain(0, 0, 0, SIDE) }];
  const scores = async (options: object) => {
    const { outcomes } = await lane.run({ model: 'm', rows, options: { ...options } });
    return detectionsOf(outcomes[0]).map(({ score }) => score);
  };
  expect(await scores({})).toEqual([near(0.9), near(0.6), near(0.5)]);
  expect(await scores({ threshold: 0.55 })).toEqual([near(0.9), near(0.6)]);
  expect(await scores({ top_k: 1 })).toEqual([near(0.9)]);
  expect(await scores({ threshold: 1 })).toEqual([]);
});

it.each([
  [true, [0, 0, 20, 40]],
  [false, [0, 0, 40, 20]],
])('with auto_orient %s, boxes have the orientation that the model saw', async (auto_orient, box) => {
  const whole = constant({ output: [[0, 0, SIDE, SIDE, 0.9, 0]] });
  const squash = { crop: SIDE, resize: { width: SIDE, height: SIDE }, auto_orient };
  const lane = await loadedLane(imageModel(whole, { ...config, preprocess: squash, head: 'nms' }, ['cat']));
  for (const orientation of [6, 8, 5, 7]) {
    const bytes = await sharp(await picture(40, 20, () => [9, 9, 9]))
      .withExif({})
      .withMetadata({ orientation })
      .jpeg()
      .toBuffer();
    const { outcomes } = await lane.run({ model: 'm', rows: [{ bytes }], options: {} });
    expect(detectionsOf(outcomes[0])[0]!.box).toEqual(box);
  }
});

it('a box that is not finite, a NaN score and an unknown class are errors of their rows', async () => {
  const codeOf = async (line: number[], names = LABELS) => {
    const lane = await loadedLane(
      imageModel(constant({ output: [line] }), { ...config, head: 'nms' }, names),
    );
    const { outcomes } = await lane.run({
      model: 'm',
      rows: [{ bytes: await plain(0, 0, 0) }, { json: '{}' }],
      options: {},
    });
    expect(outcomes[1]).toMatchObject({ ok: false, error: { code: 'invalid_row' } });
    return outcomes[0]!.ok ? 'ok' : outcomes[0]!.error.message;
  };
  expect(await codeOf([0, 0, Infinity, 9, 0.9, 0])).toMatch(/box that is not finite/);
  expect(await codeOf([0, 0, 9, 9, Number.NaN, 0])).toMatch(/NaN as a score/);
  expect(await codeOf([0, 0, 9, 9, 0.9, 2])).toMatch(/class 2, but the labels file has 2 names/);
});

it('with head detr and scores, a NaN score of a class after the best one fails the row', async () => {
  const graph = constant({ scores: [[0.9, NaN]], pred_boxes: [[0.5, 0.5, 0.2, 0.2]] });
  const more = { head: 'detr', activation: 'none' };
  const lane = await loadedLane(imageModel(graph, { ...config, ...more }, LABELS));
  const rows = [{ bytes: await plain(0, 0, 0) }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  expect(outcomes[0]).toMatchObject({ ok: false, error: { message: 'the model returned NaN as a score' } });
});

const TWO_BOXES = constant({ first: BOXES, second: BOXES });

it.each<[string, ImageGraph, object, RegExp]>([
  [
    'more labels than classes',
    HEADS[1]![1],
    { head: 'yolov5', labels: 3 },
    /labels file has 3 names, but .*has 2 classes/,
  ],
  [
    'a grid that does not fit',
    HEADS[0]![1],
    { head: 'yolox' },
    /64 x 64 with strides 8, 16, 32 has 84 places, but .* has 5/,
  ],
  [
    'boxes of six numbers as yolov5',
    HEADS[7]![1],
    { head: 'yolov5' },
    /has 1 class.*did you mean head "nms"/,
  ],
  ['detr without an activation', HEADS[6]![1], { head: 'detr' }, /set "activation".*"sigmoid"/],
  [
    'two outputs of which the config names none',
    TWO_BOXES,
    { head: 'detr' },
    /which output holds the boxes.*"outputs": \{"boxes"/,
  ],
  [
    'a wrong output name',
    HEADS[7]![1],
    { head: 'nms', outputs: { predictions: 'detection' } },
    /did you mean "detections"/,
  ],
  [
    'a vector instead of boxes',
    vector(),
    { head: 'yolov8' },
    /\[batch, 4 \+ classes, boxes\], but the graph has "scores" float32\[N,3\]/,
  ],
])('a lane does not serve %s', async (_, graph, { labels = 2, ...more }: { labels?: number }, says) => {
  const names = ['a', 'b', 'c'].slice(0, labels);
  await expect(loadedLane(imageModel(graph, { ...config, ...more }, names))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});

it('config fields that have no effect with the head are refused', () => {
  expect(() => imageModel(vector(), { ...config, head: 'yolov8', strides: [8] })).toThrow(
    /has no effect with head/,
  );
  expect(() => imageModel(vector(), { ...config, head: 'yolox', box_format: 'xyxy' })).toThrow(
    /yolov5, yolov8/,
  );
  expect(() => imageModel(vector(), { ...config, head: 'detr', outputs: { count: 'n' } })).toThrow(
    /outputs.count/,
  );
});

function vector(): ImageGraph {
  return {
    shape: ['N', 3, SIDE, SIDE],
    outputs: [floatOutput('scores', 'N', 3)],
    operators: [step('ReduceMean', ['image'], 'scores', { axes: [2, 3], keepdims: 0 })],
  };
}

interface Detection {
  readonly score: number;
  readonly box: readonly number[];
}

function detectionsOf(outcome: RowOutcome | undefined): Detection[] {
  if (outcome?.ok !== true) throw new Error(`a failed row: ${JSON.stringify(outcome)}`);
  return (JSON.parse(`{${outcome.result}}`) as { detections: Detection[] }).detections;
}

function near(score: number): unknown {
  return expect.closeTo(score, 5);
}
