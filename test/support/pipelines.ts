// Models folders with pipelines, written by the test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { meanColourModel, writeModelFolder } from './onnx/models.ts';

export const SIDE = 8;

/** Writes a classifier of mean colours beside the pipelines. `classes`: weights per class, see meanColourModel. */
export function writeColours(
  models: string,
  name: string,
  classes: readonly (readonly number[])[],
  { labels = ['red', 'green', 'blue'], preprocess = { resize: SIDE, crop: SIDE } } = {},
): void {
  const graph = meanColourModel({ side: SIDE, classes });
  writeModelFolder(
    join(models, name),
    graph,
    { name, task: 'image-classification', preprocess, activation: 'softmax', top_k: 3 },
    labels,
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
