/**
 * What a deploy costs: all workers of the real service replaced one after the other under a job, each successor ready
 * before its predecessor is told to go, in turns with the same job undisturbed. No row may be lost or doubled.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readResources } from '../dist/workers/settings/resources.js';
import { startParts } from './endtoend/separate-processes.js';
import { inTurns, median, pairedRatio } from './harness/measure.js';
import { finished } from './harness/service.js';
import { digits, manifest, modelFolder } from './harness/workloads.js';

export const name = 'rolling-restart';
export const title = 'A rolling restart of all workers under load';

const MODEL = 'digits-small';
/** Of the same generated files as any longer job. */
const PROBE_ROWS = 20_000;
const MOST_ROWS = 5_000_000;
/** Times the asked seconds that the job takes: what a deploy costs is seconds, whatever the job. */
const LONGER = 3;
/** Of the rows, when the first worker is replaced. */
const FROM = 0.15;
/** It must have been under load all along. */
const UNTIL = 0.9;

export async function run({ log, runs, seconds }) {
  const { cpus } = readResources();
  const count = Math.max(2, Math.min(4, cpus));
  const model = modelFolder(MODEL);
  const probe = manifest('rolling-probe', digits(PROBE_ROWS));
  // Twice the cores' lanes while a successor is there: the cost of starting it on the same machine is in the figure.
  const env = { FOREBAY_LANES: String(Math.max(1, Math.floor(cpus / count))) };
  const service = await startParts({ models: [model], inputs: probe.roots, env });
  try {
    let workers = await Promise.all(Array.from({ length: count }, () => service.startWorker()));
    const rate = async (rows, input, disturb) => {
      const began = performance.now();
      const { id } = await service.client.submit({ model: MODEL, input });
      const disturbed = disturb ? await replaceAll(id, rows) : null;
      const job = await finished(service.client, id, 50);
      const s = (performance.now() - began) / 1000;
      checkRows(job, rows);
      const { last_run_error } = await service.client.stats(id);
      if (last_run_error !== null) throw new Error(`a run failed: ${JSON.stringify(last_run_error)}`);
      return { rate: rows / s, s, ...disturbed };
    };

    async function replaceAll(id, rows) {
      await reached(id, FROM * rows);
      const began = performance.now();
      const startMs = [];
      const drainMs = [];
      for (const worker of workers) {
        const starting = performance.now();
        const successor = await service.startWorker();
        startMs.push(performance.now() - starting);
        const ending = performance.now();
        const code = await service.endWorker(worker);
        drainMs.push(performance.now() - ending);
        if (code !== 0) throw new Error(`a worker ended with ${code}`);
        workers = [...workers.filter((one) => one !== worker), successor];
      }
      const share = (await service.client.job(id)).rows.succeeded / rows;
      if (share > UNTIL)
        throw new Error(
          `the job was ${(share * 100).toFixed(0)} % done at the last restart: longer --seconds`,
        );
      return { startMs, drainMs, restartS: (performance.now() - began) / 1000 };
    }

    async function reached(id, rows) {
      while ((await service.client.job(id)).rows.succeeded < rows)
        await new Promise((resolve) => setTimeout(resolve, 20));
    }

    await rate(PROBE_ROWS, probe.input, false);
    const probed = await rate(PROBE_ROWS, probe.input, false);
    const rows = Math.min(MOST_ROWS, Math.max(PROBE_ROWS, Math.ceil(probed.rate * seconds * LONGER)));
    const { input } = manifest('rolling', digits(rows));
    const turns = await inTurns({
      runs,
      log,
      variants: {
        undisturbed: () => rate(rows, input, false),
        rolling: () => rate(rows, input, true),
      },
      show: ({ rate: perS, s, restartS }) =>
        `${perS.toFixed(0)} rows/s over ${s.toFixed(1)} s` +
        (restartS === undefined ? '' : `, restarts took ${restartS.toFixed(1)} s of it`),
    });
    const of = (variant, key) => turns[variant].map((one) => one[key]);
    const ratio = pairedRatio(of('rolling', 'rate'), of('undisturbed', 'rate'));
    const lost = turns.rolling.map((one, i) => one.s - turns.undisturbed[i].s);
    return {
      rows: [
        { metric: 'undisturbed', value: median(of('undisturbed', 'rate')), unit: 'rows/s' },
        {
          metric: `all ${count} workers replaced, of undisturbed`,
          value: median(of('rolling', 'rate')),
          unit: 'rows/s',
          ratio: ratio.median,
          target: '>= 0.95',
        },
        { metric: 'time lost a worker', value: median(lost) / count, unit: 's' },
        { metric: 'a successor is ready after', value: median(of('rolling', 'startMs').flat()), unit: 'ms' },
        { metric: 'a worker is gone after', value: median(of('rolling', 'drainMs').flat()), unit: 'ms' },
      ],
      charts: [],
      notes: [
        `${rows} rows of ${MODEL} a run, ${count} workers of ${env.FOREBAY_LANES} lane(s); each row once in every run, ` +
          `no run failed; ratios ${ratio.ratios.map((one) => one.toFixed(3)).join(', ')}.`,
        'Successors start on the cores that the job uses: their start is most of the cost.',
      ],
      data: { turns },
    };
  } finally {
    await service.close();
  }
}

/** Throws Error unless each row's result is there once. */
function checkRows({ output }, rows) {
  const seen = new Uint8Array(rows);
  for (const file of readdirSync(output).filter((one) => /^part-.*\.jsonl$/.test(one))) {
    for (const line of readFileSync(join(output, file), 'utf8').split('\n')) {
      if (line !== '') seen[JSON.parse(line).index] += 1;
    }
  }
  const wrong = seen.findIndex((times) => times !== 1);
  if (wrong !== -1) throw new Error(`row ${wrong} is there ${seen[wrong]} times`);
}
