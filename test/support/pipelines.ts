// Models folders with pipelines, written by the test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeOnnx } from './onnx/graph.ts';
import { picture } from './onnx/image-graph.ts';
import { step } from './onnx/mean-model.ts';
import { meanColourModel, writeModelFolder } from './onnx/models.ts';

export const SIDE = 8;

/** Weights of a classifier that is sure of every colour. */
export const SURE = [
  [20, 0, 0],
  [0, 20, 0],
  [0, 0, 20],
];

/** Weights of a classifier that is sure of red only. */
export const RED_ONLY = [
  [10, 0, 0],
  [0, 0, 0],
  [0, 0, 0],
];

/**
 * Writes a classifier of mean colours beside the pipelines. `classes`: weights per class, see meanColourModel. `labels`:
 * null writes none.
 */
export function writeColours(
  models: string,
  name: string,
  classes: readonly (readonly number[])[],
  {
    labels = ['red', 'green', 'blue'],
    preprocess = { resize: SIDE, crop: SIDE },
    topK = 3,
  }: { labels?: readonly string[] | null; preprocess?: object; topK?: number } = {},
): void {
  const graph = meanColourModel({ side: SIDE, classes });
  writeModelFolder(
    join(models, name),
    graph,
    { name, task: 'image-classification', preprocess, activation: 'softmax', top_k: topK },
    labels ?? undefined,
  );
}

/** Returns its folder. */
export function writePipeline(
  models: string,
  config: { readonly name: string } & Record<string, unknown>,
): string {
  const dir = join(models, config.name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'model.json'), JSON.stringify({ kind: 'pipeline', ...config }));
  return dir;
}

export const ensemble = (combine: string, ...members: readonly (string | object)[]) => ({
  ensemble: { combine, members: members.map((one) => (typeof one === 'string' ? { model: one } : one)) },
});

export const cascade = (first: string, threshold: number, ...rest: readonly string[]) => ({
  cascade: { levels: [{ model: first, threshold }, ...rest.map((model) => ({ model }))] },
});

export const chain = (...steps: readonly (string | object)[]) => ({
  chain: { steps: steps.map((one) => (typeof one === 'string' ? { model: one } : one)) },
});

/** Sides of the finder's input. */
export const FINDER_SIDE = 32;

/** Writes a detector of bright areas. Their brightness is their score, and their label is "thing". */
export function writeFinder(models: string, name: string, more: object = {}): void {
  const graph = writeOnnx({
    inputs: [{ name: 'image', type: 'float32', shape: ['N', 3, FINDER_SIDE, FINDER_SIDE] }],
    outputs: [{ name: 'map', type: 'float32', shape: ['N', 1, FINDER_SIDE, FINDER_SIDE] }],
    operators: [step('ReduceMean', ['image'], 'map', { axes: [1], keepdims: 1 })],
    weights: [],
  });
  const size = { width: FINDER_SIDE, height: FINDER_SIDE };
  const preprocess = { resize: size, crop: FINDER_SIDE, interpolation: 'nearest', ...more };
  const config = { name, task: 'object-detection', head: 'map', map_threshold: 0.2, grow: 0, preprocess };
  writeModelFolder(join(models, name), graph, config, ['thing']);
}

type Colour = readonly [number, number, number];
export interface Block {
  readonly at: readonly [left: number, top: number, width: number, height: number];
  readonly colour: Colour;
}

/** A black picture with blocks of colour. */
export async function blocksOn(width: number, height: number, blocks: readonly Block[]): Promise<Uint8Array> {
  const colourAt = (x: number, y: number) =>
    blocks.find(({ at: [l, t, w, h] }) => x >= l && x < l + w && y >= t && y < t + h)?.colour;
  return picture(width, height, (x, y) => colourAt(x, y) ?? [0, 0, 0]);
}
