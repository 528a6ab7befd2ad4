/** The workloads of the figures that compare service and ceiling: a model, its files, and what should be reached. */
import { join } from 'node:path';
import { configOf, digits, modelFolder, photos, textEncoder } from './workloads.js';

/**
 * @typedef {object} Subject
 * @property {string} name of the model
 * @property {string} title
 * @property {(count: number) => string[]} files
 * @property {readonly number[]} batches worth trying
 * @property {string} [reach] service / ceiling
 * @property {number} roughly rows/s that a core of today manages, to size jobs
 * @property {number} atLeast rows in a job, however slow the machine: a job of two batches has no steady state
 */

/** @type {Record<string, Subject>} */
export const SUBJECTS = {
  resnet50: {
    name: 'resnet50',
    title: 'ResNet-50 shape on photos',
    files: photos,
    batches: [2, 4, 8, 16, 32],
    reach: '>= 0.97',
    roughly: 8,
    atLeast: 96,
  },
  mobilenetv2: {
    name: 'mobilenetv2',
    title: 'MobileNetV2 on photos',
    files: photos,
    batches: [2, 4, 8, 16, 32],
    reach: '>= 0.93',
    roughly: 70,
    atLeast: 256,
  },
  'digits-small': {
    name: 'digits-small',
    title: 'digits-small',
    files: digits,
    batches: [16, 32, 64, 128],
    reach: '>= 0.80',
    roughly: 2000,
    atLeast: 5000,
  },
  'digits-small-fast': {
    name: 'digits-small-fast',
    title: 'digits-small, decode fast',
    files: digits,
    batches: [16, 32, 64, 128],
    reach: '>= 0.80',
    roughly: 2000,
    atLeast: 5000,
  },
};

/** What lanes need to know of a subject. @param {Subject} subject */
export function laneConfigOf({ name }) {
  const folder = modelFolder(name);
  const { preprocess } = configOf(folder);
  return { kind: 'image', graph: join(folder, 'model.onnx'), preprocess, decode: preprocess.decode };
}

/** The text encoder's rows are numbers, from which the lanes make tokens. */
export const textRows = Array.from({ length: 10_000 }, (_, i) => String(i));

/** @param {{ from: number, to: number }} tokens of a row, evenly spread */
export function textConfig(tokens) {
  return { kind: 'text', graph: textEncoder(), tokens };
}
