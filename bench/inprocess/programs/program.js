/**
 * What a careful engineer writes for each task against onnxruntime-node. A program turns rows into tensors, and outputs
 * into answers. Of the project's code, programs use only that for images.
 *
 * @typedef {{ type: string, data: ArrayBufferView | string[], dims: readonly number[] }} Input
 * @typedef {Record<string, Input>} Feeds
 * @typedef {Record<string, { data: any, dims: readonly number[] }>} Outputs
 *
 * @typedef {object} Program
 * @property {(row: string) => unknown} [read] absent: the row needs no reading
 * @property {(read: any) => unknown} decode may return a promise; its work has already started
 * @property {(row: string) => number} [lengthOf] tokens of a row, before it is decoded
 * @property {(decoded: any[]) => readonly (readonly number[])[]} [calls] positions of the rows of each model call; absent: all
 *   rows in one call
 * @property {(decoded: any[]) => Feeds} feeds of one call
 * @property {(outputs: Outputs, decoded: any[]) => unknown[]} answers of one call, with the fields of the service's results
 * @property {(answers: unknown[]) => Uint8Array} [toLines] writes the answers of a batch as lines of JSON, where that costs much
 * @property {(decoded: any[], call: (feeds: () => Feeds) => Promise<Outputs>) => Promise<unknown[]>} [run] instead of `calls`,
 *   `feeds` and `answers`: for rows that need several calls, one after the other
 */
import { boxAnswers } from './boxes.js';
import { classAnswers } from './classes.js';
import { entityAnswers } from './entities.js';
import { imageInputs } from './images.js';
import { numberedTexts } from './numbered-texts.js';
import { segmentAnswers } from './segments.js';
import { tableProgram } from './table.js';
import { tensorProgram } from './tensors.js';
import { textInputs } from './texts.js';
import { imageVectors, tokenVectors } from './vectors.js';
import { waveformProgram } from './waveforms.js';

/** By task of the model. `numbered-texts` is a task of the benchmark alone. */
const PROGRAMS = {
  'image-classification': async (config) => ({ ...(await imageInputs(config)), ...classAnswers(config) }),
  'image-embedding': async (config) => ({ ...(await imageInputs(config)), ...imageVectors(config) }),
  'object-detection': async (config) => ({ ...(await imageInputs(config)), ...boxAnswers(config) }),
  'image-segmentation': async (config) => ({ ...(await imageInputs(config)), ...segmentAnswers(config) }),
  'text-embedding': (config) => ({ ...textInputs(config), ...tokenVectors(config) }),
  'text-classification': (config) => ({ ...textInputs(config), ...classAnswers(config) }),
  'token-classification': (config) => ({ ...textInputs(config), ...entityAnswers(config) }),
  tabular: tableProgram,
  tensors: tensorProgram,
  audio: waveformProgram,
  'numbered-texts': numberedTexts,
};

/**
 * @param {import('../lane.js').LaneConfig} config
 * @returns {Promise<Program>}
 */
export async function createProgram(config) {
  return PROGRAMS[config.model.task](config);
}
