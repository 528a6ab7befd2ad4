// Small models with known answers, created by the test. Their scores depend on an image's mean colour.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';
import type { LaneFile } from '#forebay/workers/lane/messages.js';
import { contentOf, elementNumber, writeOnnx, type Dim, type Operator, type Weights } from './graph.ts';
import { floats, ints, meanModel, scoresOutput, step } from './mean-model.ts';

export interface MeanColourModel {
  /** Weights per class: [channel 0, channel 1, channel 2]. */
  readonly classes: readonly (readonly number[])[];
  readonly side: number;
  readonly batch?: Dim;
  readonly type?: 'float32' | 'float16' | 'uint8';
  readonly layout?: 'nchw' | 'nhwc';
  /** Output [N, C, 1, 1] instead of [N, C]. */
  readonly trailingOnes?: boolean;
  readonly softmax?: boolean;
  /** The file beside the graph that should hold the weights. See classWeights. */
  readonly location?: string;
  readonly output?: string;
  /** Shape of the input without the batch, if it does not follow from `side` and `layout`. */
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
  return meanModel(
    side,
    [
      step('Reshape', ['mean', 'column'], 'means'),
      step('Concat', ['means', 'means'], 'scores', { axis: 1 }),
      step('Mul', ['scores', 'two'], 'others'),
    ],
    { outputs: [scoresOutput(2), { name: 'others', type: 'float32', shape: ['N', 2] }] },
  );
}

/** Writes a model folder with this graph, config and labels. */
export function writeModelFolder(
  dir: string,
  graph: Buffer,
  config: Record<string, unknown>,
  labels?: readonly string[],
): { readonly dir: string; readonly config: ModelConfig; readonly named: readonly LaneFile[] } {
  mkdirSync(dir, { recursive: true });
  const withLabels = labels === undefined ? withoutLabels(config) : { ...config, labels: 'labels.txt' };
  writeFileSync(join(dir, 'model.onnx'), graph);
  writeFileSync(join(dir, 'model.json'), JSON.stringify(withLabels, null, 2));
  return {
    dir,
    config: checkedConfig(withLabels),
    named: labels === undefined ? [] : [writeLabels(dir, labels)],
  };
}

/** Writes a labels file. Returns its entry in the named files of the model. */
export function writeLabels(dir: string, labels: readonly string[]): LaneFile {
  const path = join(dir, 'labels.txt');
  const text = `${labels.join('\n')}\n`;
  writeFileSync(path, text);
  return { field: 'labels', path, sha256: createHash('sha256').update(text).digest('hex') };
}

/** Returns the config with its defaults filled in. Throws if the config is invalid. */
export function checkedConfig(config: object): ModelConfig {
  const reading = readModelConfig(config);
  if (!reading.ok) throw new Error(JSON.stringify(reading.issues));
  return reading.config;
}

/** Without labels, a config must declare that the outputs are class scores. */
function withoutLabels(config: Record<string, unknown>): Record<string, unknown> {
  const says = ['labels', 'softmax', 'activation'].some((field) => field in config);
  return says ? config : { ...config, activation: 'none' };
}

function renameLast(steps: readonly Operator[], output: string): Operator[] {
  return steps.map((step, i) => (i === steps.length - 1 ? { ...step, output } : step));
}
