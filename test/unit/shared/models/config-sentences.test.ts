// What is said about a model.json that cannot be read, or names a file that is none.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { writeFolder } from '../../../support/foreign-folders.ts';
import { identityModel } from '../../../support/onnx/tensor-models.ts';

const graph = identityModel('float32', ['N', 2]);
const config = { name: 'm', task: 'image-classification', preprocess: { crop: 8 } };

it.each([
  ['a list', '[]', /model\.json must be a JSON object, such as/],
  ['nothing', '', /model\.json is empty; write it/],
  ['a comma too many', '{\n"name": "m",\n}', /model\.json is not JSON: .* at line 3, column 1$/],
  [
    'a number for a list of numbers',
    JSON.stringify({ ...config, preprocess: { crop: 8, mean: 0.5 } }),
    /\/preprocess\/mean: a list of one mean, or of one per channel \(3\), such as \[0\.5\]/,
  ],
  [
    'a folder in place of a file',
    JSON.stringify({ ...config, labels: 'labels' }),
    /\/labels: "labels" is a folder, and must be a file/,
  ],
])('a model.json with %s', async (_what, text, says) => {
  const dir = writeFolder({ 'model.onnx': graph, 'model.json': Buffer.from(text) });
  mkdirSync(join(dir, 'labels'));
  await expect(loadModelFolder(dir)).rejects.toThrow(says);
});
