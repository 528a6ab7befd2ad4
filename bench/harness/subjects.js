/** The subjects of the cases that compare rates: a model, its rows, and the targets. */
import { join } from 'node:path';
import { configOf, modelFolder } from './model-folder.js';
import { ENTITY_LABELS, textEncoder } from './models.js';
import { byteRows, irises, texts } from './records.js';
import { REFERENCE_BOXES } from './reference-boxes.js';
import { waveforms } from './waveforms.js';
import { digits, jsonl, manifest, photos } from './workloads.js';

/**
 * @typedef {object} Subject
 * @property {string} name of the model
 * @property {string} title
 * @property {'photos' | 'digits' | 'texts' | 'tables' | 'tensors' | 'sound'} kind of its rows; subjects of one kind share a chart
 * @property {(count: number) => string[]} rows paths of files, or records as lines of JSON
 * @property {boolean} [records] whether rows are records
 * @property {number} [pool] number of rows that lanes without the service repeat; by default POOL
 * @property {readonly number[]} batches worth trying
 * @property {readonly object[]} [choices] worth trying beside those of tuned.js
 * @property {number} [tolerance] with which the answers of the service and of the ceiling agree
 * @property {string} [target] service / ceiling
 * @property {string} [rateTarget] rows/s of the service in steady state
 * @property {string} [wholeTarget] rows/s of the service from submit to the end of the job
 * @property {string} [firstTarget] ms until the first result of a small job
 * @property {Reference} [reference] known answers of another program
 * @property {number} roughly rows/s of one core, to size the first jobs
 * @property {number} atLeast rows of a job on any machine, because a job of two batches has no steady state
 */

/**
 * @typedef {object} Reference
 * @property {() => string[]} rows paths of files
 * @property {object} options of the job
 * @property {(answers: any[]) => import('./result.js').Row} figure how far the answers are from the reference
 */

/** Enough for several batches per lane. The lanes repeat the rows. */
const POOL = 400;
const TARGET = '>= 0.95';
const PHOTOS = { kind: 'photos', rows: photos, batches: [2, 4, 8, 16, 32] };
const DIGITS = {
  kind: 'digits',
  rows: digits,
  batches: [16, 32, 64, 128],
  target: '>= 0.80',
  firstTarget: '< 150',
  roughly: 2000,
  atLeast: 5000,
};
const TEXTS = {
  kind: 'texts',
  rows: texts,
  records: true,
  pool: 1024,
  batches: [16, 32, 64],
  choices: [{ tokensPerCall: 1 }, { tokensPerCall: 64 }, { tokensPerCall: 512 }],
  target: TARGET,
  roughly: 40,
  atLeast: 1024,
};

/** @type {Record<string, Subject>} */
export const SUBJECTS = byName([
  {
    ...PHOTOS,
    name: 'resnet50',
    title: 'ResNet-50 shape on photos',
    target: '>= 0.97',
    firstTarget: '< 150',
    roughly: 8,
    atLeast: 96,
  },
  {
    ...PHOTOS,
    name: 'mobilenetv2',
    title: 'MobileNetV2 on photos',
    target: '>= 0.93',
    firstTarget: '< 150',
    roughly: 70,
    atLeast: 256,
  },
  { ...DIGITS, name: 'digits-small', title: 'digits-small' },
  { ...DIGITS, name: 'digits-small-fast', title: 'digits-small, decode fast', rateTarget: '>= 3000' },
  {
    ...PHOTOS,
    name: 'mobilenetv2-vectors',
    title: 'image-embedding, MobileNetV2',
    target: TARGET,
    roughly: 70,
    atLeast: 256,
  },
  {
    ...PHOTOS,
    name: 'resnet50-vectors',
    title: 'image-embedding, ResNet-50 shape',
    target: TARGET,
    roughly: 8,
    atLeast: 96,
  },
  {
    ...PHOTOS,
    name: 'yolox-nano',
    title: 'object-detection, yolox-nano',
    // Its graph takes one image per call.
    batches: [1, 2, 4, 8],
    // The service rounds boxes to hundredths.
    tolerance: 0.006,
    reference: REFERENCE_BOXES,
    target: TARGET,
    roughly: 30,
    atLeast: 192,
  },
  {
    ...PHOTOS,
    name: 'ocr-det',
    title: 'image-segmentation, PP-OCR det',
    batches: [1, 2, 4, 8],
    // The service takes the mean score of a segment from the cells of the map, not from each pixel.
    tolerance: 0.01,
    target: TARGET,
    roughly: 15,
    atLeast: 128,
  },
  { ...TEXTS, name: 'minilm', title: 'text-embedding, MiniLM' },
  { ...TEXTS, name: 'minilm-classes', title: 'text-classification, MiniLM shape' },
  { ...TEXTS, name: 'minilm-entities', title: 'token-classification, MiniLM shape' },
  {
    name: 'iris',
    title: 'tabular, forest on 4 features',
    kind: 'tables',
    rows: irises,
    records: true,
    pool: 8192,
    batches: [256, 1024, 4096],
    target: '>= 0.80',
    wholeTarget: '>= 50000',
    roughly: 30_000,
    // At least six blocks.
    atLeast: 200_000,
  },
  {
    name: 'magika',
    title: 'tensors, Magika',
    kind: 'tensors',
    rows: byteRows,
    records: true,
    batches: [8, 16, 32, 64, 128],
    target: TARGET,
    roughly: 100,
    atLeast: 6144,
  },
  {
    name: 'silero-vad',
    title: 'audio, Silero VAD on 1 to 4 s',
    kind: 'sound',
    rows: waveforms,
    pool: 512,
    batches: [8, 16, 32, 64],
    target: TARGET,
    roughly: 60,
    atLeast: 1024,
  },
]);

function byName(subjects) {
  return Object.fromEntries(subjects.map((subject) => [subject.name, subject]));
}

/** The rows of lanes without the service. @param {Subject} subject */
export function poolOf({ rows, pool = POOL }) {
  return rows(pool);
}

/**
 * Writes the rows of a job into a file.
 * @param {string} name
 * @param {Subject} subject
 * @param {number} count
 * @returns as `manifest`
 */
export function datasetOf(name, { rows, records = false }, count) {
  return (records ? jsonl : manifest)(name, rows(count));
}

/** The part of a LaneConfig that the subject determines (inprocess/lane.js). @param {Subject} subject */
export function laneConfigOf({ name }) {
  const folder = modelFolder(name);
  const model = configOf(folder);
  return {
    model,
    graph: join(folder, 'model.onnx'),
    decode: model.preprocess?.decode,
    labels: ENTITY_LABELS,
  };
}

/** Rows of the ladder's text encoder. The lanes make tokens from these numbers. */
export const textRows = Array.from({ length: 10_000 }, (_, i) => String(i));

/** @param {{ from: number, to: number }} tokens the lengths of rows, evenly spread */
export function textConfig(tokens) {
  return { model: { task: 'numbered-texts', tokens }, graph: textEncoder() };
}
