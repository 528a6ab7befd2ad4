/**
 * The naive way, as first scripts often do it: load the model for every 4 rows, then read, decode and infer these rows
 * one after another. Runs for about 8 seconds and prints `{"rows","seconds"}`.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';

// onnxruntime reads this when it is first loaded.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
const { InferenceSession, Tensor } = await import('onnxruntime-node');

const SECONDS = 8;
const BATCH = 4;

const { values } = parseArgs({ options: { model: { type: 'string' }, input: { type: 'string' } } });
const { model, input } = values;
if (model === undefined || input === undefined) {
  console.error('usage: node examples/digits/demo/naive.js --model DIR --input DIR');
  process.exit(2);
}
const { preprocess } = JSON.parse(await readFile(join(model, 'model.json'), 'utf8'));
const files = (await readdir(input)).sort();

let rows = 0;
const began = performance.now();
while (performance.now() - began < SECONDS * 1000 && rows + BATCH <= files.length) {
  const session = await InferenceSession.create(join(model, 'model.onnx'));
  for (const file of files.slice(rows, rows + BATCH)) await answer(session, join(input, file));
  await session.release();
  rows += BATCH;
}
console.log(JSON.stringify({ rows, seconds: (performance.now() - began) / 1000 }));

/**
 * @param {import('onnxruntime-node').InferenceSession} session
 * @param {string} file
 */
async function answer(session, file) {
  const side = preprocess.crop;
  const pixels = await sharp(await readFile(file))
    .resize(side, side)
    .removeAlpha()
    .raw()
    .toBuffer();
  const tensor = new Float32Array(3 * side * side);
  for (let i = 0; i < pixels.length; i++) {
    const channel = i % 3;
    const mean = preprocess.mean[channel] ?? preprocess.mean[0];
    const std = preprocess.std[channel] ?? preprocess.std[0];
    tensor[channel * side * side + Math.floor(i / 3)] = ((pixels[i] ?? 0) * preprocess.rescale - mean) / std;
  }
  const name = /** @type {string} */ (session.inputNames[0]);
  await session.run({ [name]: new Tensor('float32', tensor, [1, 3, side, side]) });
}
