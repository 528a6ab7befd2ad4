/**
 * Compares the service with Ray Data, with Daft and with a Python loop that works as sentence-transformers does. All
 * use the same texts, graph, tokenizer and cores. peers/README.md has the settings.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readResources } from '../dist/workers/settings/resources.js';
import { modelFolder } from './harness/model-folder.js';
import { sharedData } from './harness/places.js';
import { difference } from './harness/same-values.js';
import { laneConfigOf, SUBJECTS } from './harness/subjects.js';
import { jsonl } from './harness/workloads.js';
import { startLanes } from './inprocess/lanes.js';
import { compareSides } from './peers/compare-sides.js';
import { peersPython } from './peers/python.js';
import { peersFor, TEXT_PEERS } from './peers/settings.js';

export const name = 'text-peers';
export const title = 'Embedding texts, against Python, Ray Data and Daft';
export const proves =
  'How the service compares with a Python loop, Ray Data and Daft in texts per second, CPU and right answers.';
export const defaults = { runs: 3, seconds: 20, quick: { runs: 1, seconds: 3 } };

/** Multiples of 128, after which the lengths repeat. The texts of the reference come first. */
const TEXTS = 1536;
const QUICK_TEXTS = 512;
/** Texts whose embeddings are also computed in this program. */
const CHECKED = 64;
/** Embeddings from two versions of onnxruntime may differ by this much. */
const TOLERANCE = 1e-3;
const TARGET = { speed: 1, cpu: '<= 1' };

export async function run({ log, quick, runs }) {
  const cores = Math.max(1, Math.floor(readResources().cpus));
  const python = peersPython();
  const { lines, truth } = await textsWithTruth(quick ? QUICK_TEXTS : TEXTS);
  const peers = peersFor(TEXT_PEERS, cores);
  const found = await compareSides({
    what: 'MiniLM',
    work: {
      lines,
      keys: lines.map((line) => JSON.parse(line).id),
      graph: join(modelFolder('minilm'), 'model.onnx'),
      truth,
    },
    dataset: jsonl('text-peers', lines),
    isRight: ({ embedding }, expected) => difference(expected, embedding, TOLERANCE) === null,
    services: { service: { label: 'Forebay', folder: modelFolder('minilm') } },
    peers,
    targets: Object.fromEntries(Object.keys(peers).map((key) => [key, TARGET])),
    targetSide: 'service',
    context: { python, cores, runs, log },
  });
  return {
    ...found,
    notes: [
      `${lines.length} texts of 4 to 256 tokens, ${cores} cores. The settings are in bench/peers/settings.js.`,
      '"Once running" leaves out start-up and tail. The Python loops sort all texts first, so for them it covers the whole loop.',
      'A whole job of the service runs from submit to its last part, with the model resident. A whole job of a peer is its process from start to exit.',
    ],
  };
}

/** Texts of the reference in Python and of the subject. @returns `lines`; `truth`: embeddings of some texts, by id */
async function textsWithTruth(count) {
  const file = sharedData('open', 'text-minilm', 'reference.json');
  const reference = JSON.parse(readFileSync(file, 'utf8'));
  const rows = SUBJECTS.minilm.rows(count);
  const lanes = await startLanes(
    { ...laneConfigOf(SUBJECTS.minilm), lanes: 1, unit: 'process', batch: 32 },
    rows,
  );
  const computed = await lanes.answers(rows.slice(0, CHECKED));
  await lanes.stop();
  const all = [...reference.texts, ...rows.map((row) => JSON.parse(row).text)];
  const known = [...reference.int8_alone, ...computed.map(({ embedding }) => embedding)];
  return {
    lines: all.map((text, i) => JSON.stringify({ id: String(i), text })),
    truth: Object.fromEntries(known.map((embedding, i) => [String(i), embedding])),
  };
}
