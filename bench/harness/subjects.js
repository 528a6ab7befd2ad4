/** The subjects of the cases that compare rates: a model, its files, and the targets. */
import { join } from 'node:path';
import { configOf, digits, modelFolder, photos, textEncoder } from './workloads.js';

/**
 * @typedef {object} Subject
 * @property {string} name of the model
 * @property {string} title
 * @property {'photos' | 'digits'} kind of its files
 * @property {(count: number) => string[]} files
 * @property {readonly number[]} batches worth trying
 * @property {string} [target] service / ceiling
 * @property {number} roughly rows/s of one core, to size the first jobs
 * @property {number} atLeast rows of a job on any machine, because a job of two batches has no steady state
 */

/** @type {Record<string, Subject>} */
export const SUBJECTS = {
  resnet50: {
    name: 'resnet50',
    title: 'ResNet-50 shape on photos',
    kind: 'photos',
    files: photos,
    batches: [2, 4, 8, 16, 32],
    target: '>= 0.97',
    roughly: 8,
    atLeast: 96,
  },
  mobilenetv2: {
    name: 'mobilenetv2',
    title: 'MobileNetV2 on photos',
    kind: 'photos',
    files: photos,
    batches: [2, 4, 8, 16, 32],
    target: '>= 0.93',
    roughly: 70,
    atLeast: 256,
  },
  'digits-small': {
    name: 'digits-small',
    title: 'digits-small',
    kind: 'digits',
    files: digits,
    batches: [16, 32, 64, 128],
    target: '>= 0.80',
    roughly: 2000,
    atLeast: 5000,
  },
  'digits-small-fast': {
    name: 'digits-small-fast',
    title: 'digits-small, decode fast',
    kind: 'digits',
    files: digits,
    batches: [16, 32, 64, 128],
    target: '>= 0.80',
    roughly: 2000,
    atLeast: 5000,
  },
};

/** The facts about a subject for in-process lanes. @param {Subject} subject */
export function laneConfigOf({ name }) {
  const folder = modelFolder(name);
  const { preprocess } = configOf(folder);
  return { kind: 'image', graph: join(folder, 'model.onnx'), preprocess, decode: preprocess.decode };
}

/** Rows of the text encoder. The lanes make tokens from these numbers. */
export const textRows = Array.from({ length: 10_000 }, (_, i) => String(i));

/** @param {{ from: number, to: number }} tokens the lengths of rows, evenly spread */
export function textConfig(tokens) {
  return { kind: 'text', graph: textEncoder(), tokens };
}
