/**
 * Measures a model of this example on generated rows, in one process and without the service. It uses sharp and
 * onnxruntime with the preprocessing of model.json. The figures of the model cards come from here.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { digitsStream } from './digits-stream.js';

// onnxruntime reads this when it is first loaded.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
const { InferenceSession, Tensor } = await import('onnxruntime-node');

const BATCH = 64;
const USAGE =
  'usage: node examples/digits/evaluate.js --model DIR [--glyphs train|heldout] [--seed 1] [--count 10000]';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    glyphs: { type: 'string', default: 'train' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '10000' },
  },
});
const { model, glyphs } = values;
if (model === undefined || (glyphs !== 'train' && glyphs !== 'heldout')) {
  console.error(USAGE);
  process.exit(2);
}
await evaluate(model, glyphs, Number(values.seed), Number(values.count));

/**
 * @param {string} folder
 * @param {'train' | 'heldout'} glyphs
 * @param {number} seed
 * @param {number} count
 */
async function evaluate(folder, glyphs, seed, count) {
  const { preprocess } = JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'));
  const labels = (await readFile(join(folder, 'labels.txt'), 'utf8')).trim().split('\n');
  const session = await InferenceSession.create(join(folder, 'model.onnx'), { intraOpNumThreads: 1 });
  const side = preprocess.crop;
  const rowLength = 3 * side * side;

  /** @type {Map<string, { right: number, rows: number }>} */
  const byStyle = new Map();
  const confusion = labels.map(() => labels.map(() => 0));
  /** @type {import('./digits-stream.js').DigitRow[]} */
  let rows = [];
  let inModel = 0;

  async function flush() {
    if (rows.length === 0) return;
    const tensors = await Promise.all(rows.map((row) => toTensor(row.jpeg, preprocess)));
    const input = new Float32Array(rows.length * rowLength);
    tensors.forEach((tensor, i) => input.set(tensor, i * rowLength));
    const began = performance.now();
    const output = await session.run({ image: new Tensor('float32', input, [rows.length, 3, side, side]) });
    inModel += performance.now() - began;
    const logits = /** @type {Float32Array} */ (output['logits']?.data);
    rows.forEach(({ label, style }, i) => {
      const answer = argmax(logits.subarray(i * labels.length, (i + 1) * labels.length));
      const truth = labels.indexOf(label);
      const line = /** @type {number[]} */ (confusion[truth]);
      line[answer] = (line[answer] ?? 0) + 1;
      const of = byStyle.get(style) ?? { right: 0, rows: 0 };
      byStyle.set(style, { right: of.right + Number(answer === truth), rows: of.rows + 1 });
    });
    rows = [];
  }
  for await (const row of digitsStream({ seed, glyphs, count })) {
    if (rows.push(row) === BATCH) await flush();
  }
  await flush();
  await session.release();

  const right = confusion.reduce((sum, line, i) => sum + (line[i] ?? 0), 0);
  console.log(`${folder}: ${percent(right, count)} of ${count} rows right (seed ${seed}, ${glyphs} glyphs)`);
  console.log(`model alone: ${((inModel * 1000) / count).toFixed(0)} us per row at batch ${BATCH}, 1 thread`);
  for (const [style, of] of [...byStyle].sort(([a], [b]) => a.localeCompare(b))) {
    console.log(`  ${style.padEnd(12)} ${percent(of.right, of.rows)} of ${of.rows}`);
  }
  console.log(`truth \\ answer  ${labels.map((label) => label.padStart(5)).join('')}`);
  confusion.forEach((line, i) => {
    console.log(`${String(labels[i]).padStart(14)}  ${line.map((n) => String(n).padStart(5)).join('')}`);
  });
}

/**
 * Resizes the shorter side to `resize` and crops the centre, with offsets rounded half to even as in torchvision.
 * The result is planar RGB.
 * @param {Buffer} jpeg
 * @param {{ resize: number, crop: number, rescale: number, mean: number[], std: number[] }} preprocess
 * @returns {Promise<Float32Array>} 3 * crop * crop values
 */
async function toTensor(jpeg, { resize, crop, rescale, mean, std }) {
  const { width, height } = await sharp(jpeg).metadata();
  const short = Math.min(width, height);
  const [w, h] = [width, height].map((side) => Math.floor((resize * side) / short));
  const { data, info } = await sharp(jpeg)
    .resize(w, h, { kernel: 'linear', fit: 'fill', fastShrinkOnLoad: false })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  const left = halfToEven((info.width - crop) / 2);
  const top = halfToEven((info.height - crop) / 2);
  const tensor = new Float32Array(3 * crop * crop);
  for (let c = 0, at = 0; c < 3; c++) {
    for (let y = top; y < top + crop; y++) {
      for (let x = left; x < left + crop; x++, at++) {
        const pixel = /** @type {number} */ (data[(y * info.width + x) * 3 + c]);
        tensor[at] = (pixel * rescale - Number(mean[c])) / Number(std[c]);
      }
    }
  }
  return tensor;
}

/** @param {number} x */
function halfToEven(x) {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** @param {Float32Array} logits */
function argmax(logits) {
  let best = 0;
  for (let i = 1; i < logits.length; i++) {
    if (Number(logits[i]) > Number(logits[best])) best = i;
  }
  return best;
}

/**
 * @param {number} part
 * @param {number} whole
 */
function percent(part, whole) {
  return `${((100 * part) / whole).toFixed(2)} %`;
}
