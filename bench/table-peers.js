/**
 * Compares the service with Ray Data and Daft on photos in Parquet, with results in Parquet. All use the same files, graph
 * and cores. peers/README.md has the settings.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readResources } from '../dist/workers/settings/resources.js';
import { modelFolder } from './harness/model-folder.js';
import { sharedData } from './harness/places.js';
import { inScratch } from './harness/scratch.js';
import { photos } from './harness/workloads.js';
import { compareSides } from './peers/compare-sides.js';
import { peersPython } from './peers/python.js';
import { peersFor, TABLE_PEERS } from './peers/settings.js';
import { classesOf } from './peers/truth.js';

export const name = 'table-peers';
export const title = 'Photos from Parquet into Parquet, against Ray Data and Daft';
export const proves =
  'How the service compares with Ray Data and Daft for photos in Parquet files, with results as Parquet files.';
export const defaults = { runs: 3, seconds: 20, quick: { runs: 1, seconds: 3 } };

const ROWS = 1600;
const QUICK_ROWS = 400;
const TARGET = { speed: 1, whole: '>= 1', first: '< 1' };
const writer = fileURLToPath(new URL('peers/photo_table.py', import.meta.url));

export async function run({ log, quick, runs }) {
  const cores = Math.max(1, Math.floor(readResources().cpus));
  const python = peersPython();
  const keys = photos(quick ? QUICK_ROWS : ROWS);
  const peers = peersFor(TABLE_PEERS, cores);
  return inScratch(async (folder) => {
    const table = join(folder, 'table');
    mkdirSync(table);
    execFileSync(python, [writer, table], { input: keys.join('\n') });
    const found = await compareSides({
      what: 'Parquet',
      work: { lines: [table], keys, graph: sharedData('models', 'mobilenetv2.onnx'), truth: classesOf(keys) },
      dataset: { input: { type: 'parquet', path: table }, roots: [table] },
      format: 'parquet',
      isRight: (row, expected) => row.predictions[0].index === expected,
      services: { service: { label: 'Forebay', folder: modelFolder('mobilenetv2') } },
      peers,
      targets: Object.fromEntries(Object.keys(peers).map((key) => [key, TARGET])),
      targetSide: 'service',
      context: { python, cores, runs, log },
    });
    return {
      ...found,
      notes: [
        `${keys.length} photos of 0.2 MP in Parquet files of 100, ${cores} cores. All sides compute Pillow's pixels. The settings are in bench/peers/settings.js.`,
        '"Once running" leaves out start-up and tail. A whole job of the service runs from submit to its last part, with the model resident. A whole job of a peer is its process from start to exit.',
      ],
    };
  });
}
