// Two OCR models for lines of text: `cls` tells which way up a line is, and `rec` reads it. The expected numbers were
// computed in Python with the same pixels (Pillow 13, onnxruntime 1.30). Skipped without ../shared/data/open.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readGraphFace } from '#forebay/shared/models/onnx-graph.js';
import { PREPROCESS } from '#forebay/shared/tasks/image/preprocess.js';
import { createDecoderFactory } from '#forebay/workers/lane/image/decode/decoders.js';
import { LIMITS, loadedLane, predictionsOf, testFolder } from '../../support/lanes.ts';
import { checkedConfig, writeLabels } from '../../support/onnx/models.ts';
import { answeredTensors } from '../../support/tensor-rows.ts';

const OCR = resolve(import.meta.dirname, '../../../../shared/data/open/ocr');
const HEIGHT = 48;
const lines = [0, 1, 2, 3].map((line) => join(OCR, `line${line}.png`));
const turned = async (image: string | Uint8Array) => sharp(image).rotate(180).png().toBuffer();

describe.skipIf(!existsSync(OCR))('on ../shared/data/open (skipped without that folder)', () => {
  const size = { width: 192, height: HEIGHT };
  const upright = async (resize: unknown, images: readonly Uint8Array[]) => {
    const preprocess = { ...PADDLE, resize, crop: size, pad: 128, align: 'top_left' };
    const config = { task: 'image-classification', activation: 'none', preprocess };
    const lane = await loadedLane(model('cls.onnx', config, ['0', '180']));
    const { outcomes } = await lane.run({
      model: 'm',
      rows: images.map((bytes) => ({ bytes })),
      options: { top_k: 2 },
    });
    return outcomes.map((outcome) => predictionsOf(outcome)[0]!);
  };

  it('cls distinguishes upright lines from upside-down lines', async () => {
    const images = lines.map((line) => readFileSync(line));
    const upsideDown = await Promise.all(lines.map(turned));
    const answers = await upright(size, [...images, ...upsideDown]);
    const scores = [1, 1, 1, 1, 0.9999995, 0.9999741, 0.9999999, 0.9999231];
    for (const [i, { label, score }] of answers.entries()) {
      expect(label).toBe(i < 4 ? '0' : '180');
      expect(score).toBeCloseTo(scores[i]!, 5);
    }
  });

  it('cls gets short lines with their aspect ratio, and grey padding on the right', async () => {
    const short = await sharp(lines[1]).extract({ left: 0, top: 0, width: 110, height: 56 }).png().toBuffer();
    const [up, down] = await upright('letterbox', [short, await turned(short)]);
    // The model is wrong about the upright line, in Python as well.
    expect(up).toMatchObject({ label: '180' });
    expect(up!.score).toBeCloseTo(0.6074559, 4);
    expect(down!.score).toBeCloseTo(0.999168, 4);
  });

  it('rec reads the known texts', async () => {
    const lane = await loadedLane(
      model('rec.onnx', {
        task: 'tensors',
        inputs: { x: { batch_axis: 0, example_shape: [3, HEIGHT, 320] } },
        outputs: { 'softmax_11.tmp_0': { batch_axis: 0, encoding: 'base64' } },
      }),
    );
    const { rec_only } = JSON.parse(readFileSync(join(OCR, 'reference.json'), 'utf8')) as Reference;
    const rows = await Promise.all(lines.map(async (line) => ({ x: await lineTensor(line) })));
    const answers = await answeredTensors(lane, rows);
    const found = answers.map((answer) => decode(answer['softmax_11.tmp_0'] as Answer));
    expect(found.map(({ text }) => text)).toEqual(rec_only.lines.map(({ text }) => text));
    const scores = [0.8668, 0.90002, 0.8707, 0.95668];
    for (const [i, { score }] of found.entries()) expect(score).toBeCloseTo(scores[i]!, 3);
  });
});

/** The preprocessing of PaddleOCR: BGR from -1 to 1. */
const PADDLE = { color_order: 'bgr', mean: [0.5], std: [0.5] };

interface Reference {
  readonly rec_only: { readonly lines: readonly { readonly text: string }[] };
}

interface Answer {
  readonly shape: readonly [number, number];
  readonly base64: string;
}

function model(file: string, config: object, labels?: readonly string[]) {
  const dir = testFolder();
  symlinkSync(join(OCR, file), join(dir, 'model.onnx'));
  const own = { name: 'm', ...config, ...(labels && { labels: 'labels.txt' }) };
  return {
    dir,
    config: checkedConfig(own),
    named: labels === undefined ? [] : [writeLabels(dir, labels)],
  };
}

/** Prepares a line as a client of `rec` does: 48 pixels high, BGR from -1 to 1, one colour plane after the other. */
async function lineTensor(file: string): Promise<{ base64: string; shape: number[] }> {
  const { width, height } = await sharp(file).metadata();
  const size = { width: Math.ceil((HEIGHT * width) / height), height: HEIGHT };
  const decoder = createDecoderFactory(LIMITS)(
    PREPROCESS.parse({ resize: size, crop: size, color_order: 'bgr' }),
  );
  const pixels = await decoder.decode(readFileSync(file));
  const area = size.width * size.height;
  const numbers = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    for (let colour = 0; colour < 3; colour++) {
      numbers[colour * area + i] = (pixels[i * 3 + 2 - colour]! / 255 - 0.5) / 0.5;
    }
  }
  return { base64: Buffer.from(numbers.buffer).toString('base64'), shape: [3, size.height, size.width] };
}

/** CTC decoding: takes the best character of each step, without repetitions and without number 0, the blank. */
function decode({ shape: [steps, classes], base64 }: Answer): { text: string; score: number } {
  const bytes = Buffer.from(base64, 'base64');
  const numbers = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const characters = ['', ...alphabet(), ' '];
  const kept: { character: string; score: number }[] = [];
  let before = 0;
  for (let step = 0; step < steps; step++) {
    const scores = numbers.subarray(step * classes, (step + 1) * classes);
    const best = scores.indexOf(Math.max(...scores));
    if (best !== 0 && best !== before) kept.push({ character: characters[best]!, score: scores[best]! });
    before = best;
  }
  const sum = kept.reduce((total, { score }) => total + score, 0);
  return { text: kept.map(({ character }) => character).join(''), score: sum / kept.length };
}

function alphabet(): string[] {
  return readGraphFace(readFileSync(join(OCR, 'rec.onnx')))
    .metadata.get('character')!
    .split('\n');
}
