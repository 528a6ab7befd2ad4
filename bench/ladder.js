/**
 * Measures the gain of each step from a naive script to the service, on photos and on text. The naive script loads the
 * model for every four rows and runs them one by one.
 */
import { inTurns } from './harness/in-turns.js';
import { median, pairedRatio } from './harness/statistics.js';
import { SUBJECTS, textRows } from './harness/subjects.js';
import { measureOnce } from './inprocess/lanes.js';
import { photoSteps, textSteps } from './ladder/steps.js';
import { photosThroughService, textThroughService } from './ladder/through-service.js';

export const name = 'ladder';
export const title = 'Ladder: the gain of each step';
export const proves =
  'How much faster the service is than a naive script, and how much each step contributes.';

const MOST_RUNS = 3;
/** Rows per model call. */
const FULL_BATCH = 8;
/** Search queries and whole sentences. A batch of either has about the same number of tokens. */
const TEXTS = [
  { what: 'queries of 4 to 16 tokens', tokens: { from: 4, to: 16 }, batch: 2 * FULL_BATCH },
  { what: 'sentences of 16 to 32 tokens', tokens: { from: 16, to: 32 }, batch: FULL_BATCH },
];
/** Service / naive, for text. */
const TEXT_TARGET = '>= 10';

export async function run(context) {
  const rows = [];
  const charts = [];
  const data = {};
  const photos = [SUBJECTS.mobilenetv2, SUBJECTS.resnet50].map(photoWorkload);
  for (const workload of [...photos, ...TEXTS.map(textWorkload)]) {
    const { found, counts } = await climb(workload, context);
    rows.push(...rowsOf(workload, found));
    charts.push(chartOf(workload, found));
    data[workload.title] = { found, counts };
  }
  const notes = [
    'The ratio of a step is its gain over the step before it.',
    'Text encoder: it has no tokenizer, so the lanes of the service run a model of the bench (cluster/text-model.js).',
    'Submit, queue, worker, batches and commits are those of the real service. The naive script reads the model file from the page cache.',
  ];
  return { rows, charts, notes, data };
}

function photoWorkload(subject) {
  return {
    title: subject.title,
    rows: subject.rows(200),
    steps: photoSteps(subject, FULL_BATCH),
    service: async (seconds) => photosThroughService(subject, seconds),
  };
}

function textWorkload({ what, tokens, batch }) {
  return {
    title: `Text encoder, 110 M parameters, ${what}`,
    rows: textRows,
    steps: textSteps({ tokens, batch }),
    service: async (seconds) => textThroughService({ tokens, batch }, seconds),
    target: TEXT_TARGET,
  };
}

/** @returns `found`: rows/s of each run, by step; `counts`: rows of the last run, by step */
async function climb({ title: label, rows: all, steps, service }, { log, runs, seconds }) {
  const counts = {};
  const measured = Object.entries(steps).map(([step, config]) => [
    step,
    async () => {
      const { rate, rows } = await measureOnce(config, all, seconds / 2);
      counts[step] = rows;
      return rate;
    },
  ]);
  const found = await inTurns({
    runs: Math.min(runs, MOST_RUNS),
    variants: { ...Object.fromEntries(measured), service: async () => service(seconds) },
    log: (line) => log(`${label}, ${line}`),
    show: (rate) => `${rate.toPrecision(3)} rows/s`,
  });
  return { found, counts };
}

function rowsOf({ title: label, target }, found) {
  const steps = Object.entries(found);
  const rows = steps.map(([step, rates], i) => ({
    metric: `${label}: ${step}`,
    value: median(rates),
    unit: 'rows/s',
    ...(i > 0 && { ratio: pairedRatio(rates, steps[i - 1][1]).median }),
  }));
  return [
    ...rows,
    {
      metric: `${label}: service / naive`,
      value: median(found.service),
      unit: 'rows/s',
      ratio: pairedRatio(found.service, found.naive).median,
      ...(target !== undefined && { target }),
    },
  ];
}

function chartOf({ title: label }, found) {
  const naive = median(found.naive);
  return {
    type: 'bars',
    title: label,
    unit: 'rows/s',
    bars: Object.entries(found).map(([step, rates]) => {
      const value = median(rates);
      return { label: step, value, note: step === 'naive' ? '' : `${(value / naive).toFixed(1)}x naive` };
    }),
  };
}
