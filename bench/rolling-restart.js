/**
 * Measures the cost of a deployment. Replaces all workers of the real service one after the other while a job runs.
 * Jobs with a restart alternate with undisturbed jobs of the same rows. Each successor is ready before its predecessor ends. No
 * row may be lost or doubled.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readResources } from '../dist/workers/settings/resources.js';
import { partsOf } from './endtoend/commits.js';
import { startParts } from './endtoend/separate-processes.js';
import { inTurns } from './harness/in-turns.js';
import { finished } from './harness/service.js';
import { median, pairedRatio } from './harness/statistics.js';
import { modelFolder } from './harness/model-folder.js';
import { digits, manifest } from './harness/workloads.js';

export const name = 'rolling-restart';
export const title = 'A rolling restart of all workers under load';
export const proves =
  'That replacing all workers under load costs little time and that every row has one result.';

const MODEL = 'digits-small';
/** More than 10,000, because `digits` puts fewer pictures into another folder, which the service may not read. */
const PROBE_ROWS = 20_000;
const MOST_ROWS = 5_000_000;
/** The job takes this many times `--seconds`. A restart costs a few seconds in a job of any
 * length, so a short job would exaggerate its share. */
const LONGER = 3;
/** Share of the rows after which the first worker is replaced. */
const FROM = 0.15;
/** The last worker must be replaced before this share of the rows is done, so that every restart happens under load. */
const UNTIL = 0.9;

export async function run({ log, runs, seconds }) {
  const { cpus } = readResources();
  const count = Math.max(2, Math.min(4, cpus));
  const probe = manifest('rolling-probe', digits(PROBE_ROWS));
  // The lanes fill the cores, or nearly. The lanes of a successor come on top, so the rate includes the cost of its start.
  const lanes = Math.max(1, Math.floor(cpus / count));
  const service = await startParts({
    models: [modelFolder(MODEL)],
    inputs: probe.roots,
    env: { FOREBAY_LANES: String(lanes) },
  });
  try {
    let workers = await Promise.all(Array.from({ length: count }, async () => service.startWorker()));
    const measure = async (rows, input, disturb) => {
      const began = performance.now();
      const { id } = await service.client.submit({ model: MODEL, input });
      const disturbed = disturb ? await replaceAll({ service, workers, id, rows }) : null;
      if (disturbed !== null) workers = disturbed.workers;
      const job = await finished(service.client, id, { everyMs: 50 });
      const s = (performance.now() - began) / 1000;
      checkRows(job, rows);
      await checkRuns(service.client, id);
      return { rate: rows / s, s, ...disturbed?.times };
    };
    await measure(PROBE_ROWS, probe.input, false);
    const probed = await measure(PROBE_ROWS, probe.input, false);
    const rows = Math.min(MOST_ROWS, Math.max(PROBE_ROWS, Math.ceil(probed.rate * seconds * LONGER)));
    const { input } = manifest('rolling', digits(rows));
    const turns = await inTurns({
      runs,
      log,
      variants: {
        undisturbed: async () => measure(rows, input, false),
        rolling: async () => measure(rows, input, true),
      },
      show: ({ rate, s, restartS }) =>
        `${rate.toFixed(0)} rows/s over ${s.toFixed(1)} s` +
        (restartS === undefined ? '' : `, restarts took ${restartS.toFixed(1)} s of it`),
    });
    return figuresOf(turns, { rows, count, lanes });
  } finally {
    await service.close();
  }
}

/** Replaces all workers while the job runs. @returns the new workers and `times` of the replacement */
async function replaceAll({ service, workers, id, rows }) {
  const share = async () => (await service.client.job(id)).rows.succeeded / rows;
  while ((await share()) < FROM) await delay(20);
  const began = performance.now();
  const successors = [];
  const startMs = [];
  const drainMs = [];
  for (const worker of workers) {
    const starting = performance.now();
    successors.push(await service.startWorker());
    startMs.push(performance.now() - starting);
    const ending = performance.now();
    const code = await service.endWorker(worker);
    drainMs.push(performance.now() - ending);
    if (code !== 0) throw new Error(`a worker ended with ${code}`);
  }
  const done = await share();
  if (done > UNTIL) {
    throw new Error(`the job was ${(done * 100).toFixed(0)} % done at the last restart: give more --seconds`);
  }
  return {
    workers: successors,
    times: { startMs, drainMs, restartS: (performance.now() - began) / 1000 },
  };
}

/** Throws Error unless each row has exactly one result. */
function checkRows({ output }, rows) {
  const seen = new Uint8Array(rows);
  for (const part of partsOf(output)) {
    for (const line of readFileSync(part, 'utf8').split('\n')) {
      if (line !== '') seen[JSON.parse(line).index] += 1;
    }
  }
  const wrong = seen.findIndex((times) => times !== 1);
  if (wrong !== -1) throw new Error(`row ${wrong} has ${seen[wrong]} results`);
}

/** Throws Error if a run of the job failed. */
async function checkRuns(client, id) {
  const { last_run_error: error } = await client.stats(id);
  if (error !== null) throw new Error(`a run failed: ${JSON.stringify(error)}`);
}

function figuresOf(turns, { rows, count, lanes }) {
  const of = (variant, key) => turns[variant].map((one) => one[key]);
  const ratio = pairedRatio(of('rolling', 'rate'), of('undisturbed', 'rate'));
  const lost = turns.rolling.map((one, i) => one.s - turns.undisturbed[i].s);
  return {
    rows: [
      { metric: 'undisturbed', value: median(of('undisturbed', 'rate')), unit: 'rows/s' },
      {
        metric: `all ${count} workers replaced / undisturbed`,
        value: median(of('rolling', 'rate')),
        unit: 'rows/s',
        ratio: ratio.median,
        target: '>= 0.95',
      },
      { metric: 'time lost per worker', value: median(lost) / count, unit: 's' },
      { metric: 'a successor is ready after', value: median(of('rolling', 'startMs').flat()), unit: 'ms' },
      { metric: 'a worker has ended after', value: median(of('rolling', 'drainMs').flat()), unit: 'ms' },
    ],
    notes: [
      `${rows} rows of ${MODEL} per job, ${count} workers of ${lanes} lane(s). Each row has one result in every job, and no ` +
        `run of a block failed. Ratios ${ratio.ratios.map((one) => one.toFixed(3)).join(', ')}.`,
      'Successors start on the cores that the job uses. Their start is most of the cost.',
    ],
    data: { turns },
  };
}
