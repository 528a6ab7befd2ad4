/**
 * Measures how many tokens a model call should have. Lanes without the service embed batches of 32 texts, which are
 * sorted by length and cut into calls.
 */
import { readResources } from '../dist/workers/settings/resources.js';
import { TOKENS_PER_CALL } from '../dist/shared/tasks/text/text-config.js';
import { inTurns } from './harness/in-turns.js';
import { texts } from './harness/records.js';
import { geometricRatio, median, pairedRatio } from './harness/statistics.js';
import { laneConfigOf, SUBJECTS } from './harness/subjects.js';
import { measureOnce } from './inprocess/lanes.js';

export const name = 'token-budget';
export const title = 'Tokens per model call of texts';
export const proves = 'Which `tokens_per_call` embeds long and short texts with the least CPU.';
export const defaults = { runs: 3, seconds: 6, quick: { runs: 1, seconds: 2 } };

/** 1: every text has a call of its own. */
const BUDGETS = [1, 64, 128, 256, 512, 1024, 4096];
/** The size of the service's automatic batch. */
const BATCH = 32;
const LENGTHS = [
  { what: 'texts of 4 to 256 tokens', most: 256 },
  { what: 'texts of 4 to 16 tokens', most: 16 },
];

export async function run(context) {
  const found = [];
  for (const lengths of LENGTHS) found.push({ ...lengths, runs: await sweep(lengths, context) });
  return {
    rows: found.flatMap(rowsOf),
    charts: found.map(({ what, runs }) => ({
      type: 'lines',
      title: `MiniLM, ${what}`,
      x: { label: 'tokens per call', log: true },
      y: { label: 'CPU per text', unit: 'ms' },
      series: [{ label: 'batches of 32', points: BUDGETS.map((one) => [one, median(cpuOf(runs, one))]) }],
    })),
    data: Object.fromEntries(found.map(({ what, runs }) => [what, runs])),
  };
}

/** @returns figures of the runs, by name of the budget */
async function sweep({ what, most }, { log, seconds, runs }) {
  const shape = { lanes: readResources().cpus, threads: 1, unit: 'process', batch: BATCH };
  const config = { ...laneConfigOf(SUBJECTS.minilm), ...shape };
  const rows = texts(SUBJECTS.minilm.pool, most);
  const variants = BUDGETS.map((tokensPerCall) => [
    nameOf(tokensPerCall),
    async () => measureOnce({ ...config, tokensPerCall }, rows, seconds),
  ]);
  return inTurns({
    runs,
    variants: Object.fromEntries(variants),
    log: (line) => log(`${what}, ${line}`),
    show: ({ rate, cpuMsPerRow }) => `${rate.toFixed(1)} rows/s, ${cpuMsPerRow.toFixed(2)} CPU ms per row`,
  });
}

function rowsOf({ what, runs }) {
  const usual = cpuOf(runs, TOKENS_PER_CALL);
  return BUDGETS.flatMap((budget) => {
    const mine = cpuOf(runs, budget);
    const label = `${what}, ${nameOf(budget)}`;
    const rates = runs[nameOf(budget)].map((one) => one.rate);
    return [
      {
        metric: `${label}: CPU per text, against ${TOKENS_PER_CALL} tokens`,
        value: median(mine),
        unit: 'ms',
        ratio: pairedRatio(mine, usual).median,
        interval: geometricRatio(mine, usual).interval,
      },
      { metric: `${label}: texts per second`, value: median(rates), unit: 'rows/s' },
    ];
  });
}

function cpuOf(runs, budget) {
  return runs[nameOf(budget)].map((one) => one.cpuMsPerRow);
}

function nameOf(budget) {
  return budget === 1 ? 'one text per call' : `${budget} tokens`;
}
