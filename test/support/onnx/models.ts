/** Small models with known answers, made on the spot: every score is linear in an image's mean colour. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MODEL_CONFIG, type ModelConfig } from '#forebay/shared/domain/model-config.js';
import {
  contentOf,
  elementNumber,
  writeOnnx,
  type Dim,
  type Graph,
  type Operator,
  type Weights,
} from './graph.ts';

export interface MeanColourModel {
  /** Weights a class: [channel 0, channel 1, channel 2]. */
  readonly classes: readonly (readonly number[])[];
  readonly side: number;
  readonly batch?: Dim;
  readonly type?: 'float32' | 'float16' | 'uint8';
  readonly layout?: 'nchw' | 'nhwc';
  /** Output [N, C, 1, 1] in place of [N, C]. */
  readonly trailingOnes?: boolean;
  readonly softmax?: boolean;
  /** The file that is to hold the weights; see classWeights. */
  readonly location?: string;
  readonly output?: string;
  /** Of the input, without the batch, where it is not what `side` and `layout` make of it. */
  readonly shape?: readonly Dim[];
}

/** scores = classes x mean of each tensor channel. */
export function meanColourModel(model: MeanColourModel): Buffer {
  const { side, classes, batch = 'N', type = 'float32', layout = 'nchw', output = 'scores' } = model;
  const steps: Operator[] = [];
  const then = (type_: string, attributes: Operator['attributes'] = {}, ...more: string[]) => {
    const last = steps.at(-1)?.output ?? 'image';
    const output = `v${steps.length}`;
    steps.push({ type: type_, inputs: [last, ...more], output, attributes });
  };
  if (type !== 'float32') then('Cast', { to: elementNumber('float32') });
  if (layout === 'nhwc') then('Transpose', { perm: [0, 3, 1, 2] });
  then('GlobalAveragePool');
  then('Flatten');
  then('Gemm', { transB: 1 }, 'classes');
  if (model.softmax) then('Softmax', { axis: 1 });
  if (model.trailingOnes) then('Reshape', {}, 'ones');
  if (type === 'float16') then('Cast', { to: elementNumber('float16') });
  const shape = model.shape ?? (layout === 'nchw' ? [3, side, side] : [side, side, 3]);
  const tail = model.trailingOnes ? [1, 1] : [];
  return writeOnnx({
    inputs: [{ name: 'image', type, shape: [batch, ...shape] }],
    outputs: [
      {
        name: output,
        type: type === 'float16' ? 'float16' : 'float32',
        shape: [batch, classes.length, ...tail],
      },
    ],
    operators: renameLast(steps, output),
    weights: [classTensor(classes, model.location), ints('ones', [0, classes.length, 1, 1])],
  });
}

/** Content of the file that a meanColourModel with a `location` names. */
export function classWeights(classes: MeanColourModel['classes']): Buffer {
  return contentOf(classTensor(classes));
}

function classTensor(classes: MeanColourModel['classes'], location?: string): Weights {
  const tensor = floats('classes', [classes.length, 3], classes.flat());
  return location === undefined ? tensor : { ...tensor, location };
}

/** Two outputs that could both be class scores: `scores`, and `others`, which is twice as large. */
export function twoOutputModel(side: number): Buffer {
  const graph = scalarGraph(side, [
    { type: 'Reshape', inputs: ['mean', 'column'], output: 'means' },
    { type: 'Concat', inputs: ['means', 'means'], output: 'scores', attributes: { axis: 1 } },
    { type: 'Mul', inputs: ['scores', 'two'], output: 'others' },
  ]);
  return writeOnnx({
    ...graph,
    outputs: [...graph.outputs, { name: 'others', type: 'float32', shape: ['N', 2] }],
  });
}

/** A whole file with a graph that no runtime can run: its operator does not exist. */
export function brokenModel(side: number): Buffer {
  return writeOnnx(scalarGraph(side, [{ type: 'Nonsense', inputs: ['mean'], output: 'scores' }]));
}

/** Throws inside `run` for every batch that holds an image whose mean is above 0.5; else class 0 wins. */
export function darkOnlyModel(side: number): Buffer {
  return writeOnnx(
    scalarGraph(side, [
      { type: 'Mul', inputs: ['mean', 'two'], output: 'doubled' },
      { type: 'Cast', inputs: ['doubled'], output: 'index', attributes: { to: elementNumber('int64') } },
      { type: 'Gather', inputs: ['table', 'index'], output: 'scores', attributes: { axis: 0 } },
    ]),
  );
}

/** Scores are the logarithm of the mean, minus infinity for a black image, or the mean itself in the last `plain`. */
export function logarithmModel(side: number, plain: 0 | 1 = 0): Buffer {
  return writeOnnx(
    scalarGraph(side, [
      { type: 'Log', inputs: ['mean'], output: 'log' },
      { type: 'Reshape', inputs: ['log', 'column'], output: 'logs' },
      { type: 'Reshape', inputs: ['mean', 'column'], output: 'means' },
      {
        type: 'Concat',
        inputs: ['logs', plain === 1 ? 'means' : 'logs'],
        output: 'scores',
        attributes: { axis: 1 },
      },
    ]),
  );
}

/** Scores are the mean's distance from the mean of the whole batch: no row's answer is its own. */
export function batchMeanModel(side: number, batch: Dim = 'N'): Buffer {
  return writeOnnx(
    scalarGraph(
      side,
      [
        { type: 'ReduceMean', inputs: ['mean'], output: 'level', attributes: { axes: [0], keepdims: 1 } },
        { type: 'Sub', inputs: ['mean', 'level'], output: 'distance' },
        { type: 'Reshape', inputs: ['distance', 'column'], output: 'distances' },
        { type: 'Reshape', inputs: ['mean', 'column'], output: 'means' },
        { type: 'Concat', inputs: ['distances', 'means'], output: 'scores', attributes: { axis: 1 } },
      ],
      batch,
    ),
  );
}

/** Blocks inside `run` for `products` multiplications of 2048 x 2048 matrices (17 GFLOP, about 0.2 s each). */
export function slowModel(side: number, products: number): Buffer {
  const steps = Array.from({ length: products }, (_, i): Operator[] => [
    { type: 'MatMul', inputs: [i === 0 ? 'matrix' : `m${i - 1}`, 'matrix'], output: `p${i}` },
    { type: 'Tanh', inputs: [`p${i}`], output: `m${i}` },
  ]).flat();
  return writeOnnx(
    scalarGraph(side, [
      { type: 'ReduceMean', inputs: ['mean'], output: 'level', attributes: { axes: [0], keepdims: 1 } },
      { type: 'Expand', inputs: ['level', 'square'], output: 'matrix' },
      ...steps,
      {
        type: 'ReduceMean',
        inputs: [`m${products - 1}`],
        output: 'all',
        attributes: { axes: [0, 1], keepdims: 1 },
      },
      { type: 'Reshape', inputs: ['mean', 'column'], output: 'rows' },
      { type: 'Add', inputs: ['rows', 'all'], output: 'sums' },
      { type: 'Concat', inputs: ['sums', 'rows'], output: 'scores', attributes: { axis: 1 } },
    ]),
  );
}

/**
 * Never ends: an empty loop of 2^53 turns. `when`: on every image, or only on those that are not black, which the first
 * run's image is.
 */
export function endlessModel(side: number, when: 'always' | 'not black'): Buffer {
  const turns: Operator[] = [
    { type: 'ReduceMax', inputs: ['mean'], output: 'level', attributes: { axes: [0], keepdims: 0 } },
    { type: 'Mul', inputs: ['level', 'huge'], output: 'many' },
    { type: 'Cast', inputs: ['many'], output: 'turns', attributes: { to: elementNumber('int64') } },
  ];
  const loop: Graph = {
    inputs: [
      { name: 'turn', type: 'int64', shape: [] },
      { name: 'go_on', type: 'bool', shape: [] },
      { name: 'before', type: 'float32', shape: ['N'] },
    ],
    outputs: [
      { name: 'still', type: 'bool', shape: [] },
      { name: 'after', type: 'float32', shape: ['N'] },
    ],
    operators: [
      { type: 'Identity', inputs: ['go_on'], output: 'still' },
      { type: 'Identity', inputs: ['before'], output: 'after' },
    ],
    weights: [],
  };
  const graph = scalarGraph(side, [
    ...(when === 'always' ? [] : turns),
    {
      type: 'Loop',
      inputs: [when === 'always' ? 'endless' : 'turns', '', 'mean'],
      output: 'end',
      attributes: { body: { graph: loop } },
    },
    { type: 'Reshape', inputs: ['end', 'column'], output: 'rows' },
    { type: 'Concat', inputs: ['rows', 'rows'], output: 'scores', attributes: { axis: 1 } },
  ]);
  const numbers: Weights[] = [
    { name: 'endless', type: 'int64', shape: [], data: [2 ** 53] },
    floats('huge', [], [2 ** 53]),
  ];
  return writeOnnx({ ...graph, weights: [...graph.weights, ...numbers] });
}

/** As slowModel, but of constants alone: onnxruntime computes all of it when the session is made. */
export function slowToOpenModel(side: number, products: number): Buffer {
  const steps = Array.from({ length: products }, (_, i): Operator[] => [
    { type: 'MatMul', inputs: [i === 0 ? 'matrix' : `m${i - 1}`, 'matrix'], output: `p${i}` },
    { type: 'Tanh', inputs: [`p${i}`], output: `m${i}` },
  ]).flat();
  return writeOnnx(
    scalarGraph(side, [
      { type: 'Expand', inputs: ['two', 'square'], output: 'matrix' },
      ...steps,
      {
        type: 'ReduceMean',
        inputs: [`m${products - 1}`],
        output: 'all',
        attributes: { axes: [0, 1], keepdims: 1 },
      },
      { type: 'Reshape', inputs: ['mean', 'column'], output: 'rows' },
      { type: 'Add', inputs: ['rows', 'all'], output: 'sums' },
      { type: 'Concat', inputs: ['sums', 'rows'], output: 'scores', attributes: { axis: 1 } },
    ]),
  );
}

/**
 * Class k has the highest score where all k-th of three of the weights in weights.bin (3 MiB of float32) are highest. Their
 * sum is made anew in each run, of what is in the file's memory then.
 */
export function externalWeightsModel(side: number): Buffer {
  const graph = scalarGraph(side, [
    { type: 'ReduceMean', inputs: ['mean'], output: 'level', attributes: { axes: [0], keepdims: 0 } },
    { type: 'Add', inputs: ['beside', 'level'], output: 'lifted' },
    { type: 'ReduceMean', inputs: ['lifted'], output: 'classes', attributes: { axes: [0], keepdims: 1 } },
    { type: 'Reshape', inputs: ['mean', 'column'], output: 'rows' },
    { type: 'Add', inputs: ['classes', 'rows'], output: 'scores' },
  ]);
  return writeOnnx({
    ...graph,
    outputs: [{ name: 'scores', type: 'float32', shape: ['N', 3] }],
    weights: [
      ...graph.weights,
      {
        name: 'beside',
        type: 'float32',
        shape: [2 ** 20, 3],
        data: Array.from({ length: 3 * 2 ** 20 }, () => 0),
        location: 'weights.bin',
      },
    ],
  });
}

/** Needs so many megabytes a row while it runs; scores are the mean, twice. */
export function hungryModel(side: number, megabytesARow: number): Buffer {
  const graph = scalarGraph(side, [
    { type: 'Reshape', inputs: ['mean', 'column'], output: 'means' },
    { type: 'Expand', inputs: ['means', 'wide'], output: 'wider' },
    { type: 'ReduceMax', inputs: ['wider'], output: 'score', attributes: { axes: [1], keepdims: 1 } },
    { type: 'Concat', inputs: ['score', 'score'], output: 'scores', attributes: { axis: 1 } },
  ]);
  const wide = ints('wide', [1, (megabytesARow * 2 ** 20) / 4]);
  return writeOnnx({ ...graph, weights: [...graph.weights, wide] });
}

/** Model folder `dir` with this graph, config and labels. */
export function writeModelFolder(
  dir: string,
  graph: Buffer,
  config: Record<string, unknown>,
  labels?: readonly string[],
): { readonly dir: string; readonly config: ModelConfig; readonly labels: readonly string[] | null } {
  mkdirSync(dir, { recursive: true });
  const withLabels = labels === undefined ? withoutLabels(config) : { ...config, labels: 'labels.txt' };
  writeFileSync(join(dir, 'model.onnx'), graph);
  writeFileSync(join(dir, 'model.json'), JSON.stringify(withLabels, null, 2));
  if (labels !== undefined) writeFileSync(join(dir, 'labels.txt'), `${labels.join('\n')}\n`);
  return { dir, config: MODEL_CONFIG.parse(withLabels), labels: labels ?? null };
}

/** Without labels a config has to say that the outputs are class scores. */
function withoutLabels(config: Record<string, unknown>): Record<string, unknown> {
  const says = ['labels', 'softmax', 'activation'].some((field) => field in config);
  return says ? config : { ...config, activation: 'none' };
}

/** `mean` is each image's mean value, shape [N]. */
function scalarGraph(side: number, operators: readonly Operator[], batch: Dim = 'N'): Graph {
  return {
    inputs: [{ name: 'image', type: 'float32', shape: [batch, 3, side, side] }],
    outputs: [{ name: 'scores', type: 'float32', shape: [batch, 2] }],
    operators: [
      { type: 'ReduceMean', inputs: ['image'], output: 'mean', attributes: { axes: [1, 2, 3], keepdims: 0 } },
      ...operators,
    ],
    weights: [
      floats('two', [], [2]),
      floats('table', [1, 2], [1, 0]),
      ints('square', [2048, 2048]),
      ints('column', [-1, 1]),
    ],
  };
}

function renameLast(steps: readonly Operator[], output: string): Operator[] {
  return steps.map((step, i) => (i === steps.length - 1 ? { ...step, output } : step));
}

function floats(name: string, shape: readonly number[], data: readonly number[]): Weights {
  return { name, type: 'float32', shape, data };
}

function ints(name: string, data: readonly number[]): Weights {
  return { name, type: 'int64', shape: [data.length], data };
}
