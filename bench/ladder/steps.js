/** The steps of the ladder that do not use the service: configurations of lanes that the benchmark starts itself. */
import { readResources } from '../../dist/workers/settings/resources.js';
import { laneConfigOf, textConfig } from '../harness/subjects.js';
import { ceilingConfig } from '../inprocess/tuned.js';

const NAIVE_BATCH = 4;
/** The rows of this many text batches are sorted together. That is enough to fill batches with rows of similar length. */
export const SORTED_BATCHES = 8;

/** One loop in one process. The library chooses its number of threads, as in a simple script. */
const ALONE = { lanes: 1, unit: 'process' };

/** @param {number} batch rows per model call */
function stepsWith(batch) {
  return {
    naive: { ...ALONE, batch: NAIVE_BATCH, singly: true, reload: true },
    resident: { ...ALONE, batch, singly: true },
    batched: { ...ALONE, batch },
    overlapped: { ...ALONE, batch, ahead: true },
    lanes: {
      ...ALONE,
      lanes: readResources().cpus,
      threads: 1,
      batch: NAIVE_BATCH,
      ahead: true,
      sharpThreads: 1,
    },
  };
}

/**
 * @param {import('../harness/subjects.js').Subject} subject
 * @returns the configuration for startLanes of each step
 */
export function photoSteps(subject, batch) {
  const model = { ...laneConfigOf(subject), decode: 'sharp' };
  return { ...withModel(model, stepsWith(batch)), 'tuned decode': ceilingConfig(subject).config };
}

/** Text needs no decoding, so there is nothing to overlap and no kernel to tune. Sorting saves padding instead. */
export function textSteps({ tokens, batch }) {
  const steps = stepsWith(batch);
  const lanes = { ...steps.lanes, batch, ahead: false };
  return withModel(textConfig(tokens), {
    naive: steps.naive,
    resident: steps.resident,
    batched: steps.batched,
    lanes,
    'length buckets': { ...lanes, sorted: SORTED_BATCHES },
  });
}

function withModel(model, steps) {
  return Object.fromEntries(Object.entries(steps).map(([step, how]) => [step, { ...model, ...how }]));
}
