/**
 * Compares delta jobs with the full job before them. A folder of photos gets a few new ones after the full job. A delta
 * job then has all rows in its output, but computes only the new ones.
 */
import { copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { short } from './harness/format.js';
import { modelFolder } from './harness/model-folder.js';
import { inScratch } from './harness/scratch.js';
import { finished, startService } from './harness/service.js';
import { median } from './harness/statistics.js';
import { manifest, photos } from './harness/workloads.js';
import { cpuByRole, totalOf } from './online/run-clients.js';

export const name = 'delta';
export const title = 'A delta job over photos that are nearly all unchanged';
export const proves =
  'That a delta job over 20,000 photos and 100 new ones takes at most 5 % of the time of the full job.';
/** `runs`: delta jobs after the one full job. `--seconds` has no effect. */
export const defaults = { runs: 3, seconds: 1, quick: { runs: 1, seconds: 1 } };

const MODEL = 'mobilenetv2';
const ROWS = 20_000;
const QUICK_ROWS = 2_000;
/** Old photos per new one. */
const OLD_PER_NEW = 200;
/** Rows of a job before the full job, in which Node compiles the code. */
const WARM_ROWS = 256;

export async function run({ log, runs, quick, rows: asked }) {
  const old = asked ?? (quick ? QUICK_ROWS : ROWS);
  const added = Math.ceil(old / OLD_PER_NEW);
  return inScratch(async (scratch) => {
    const folder = photoFolder(scratch);
    const warm = manifest('delta-warm', photos(WARM_ROWS));
    const service = await startService({ models: [modelFolder(MODEL)], inputs: [scratch, ...warm.roots] });
    try {
      const jobOf = async (body) => timedJob(service, { model: MODEL, ...body });
      const input = { type: 'files', path: folder.path };
      await jobOf({ input: warm.input });
      folder.addOld(old);
      const full = await jobOf({ input });
      log(`full job: ${full.wallS.toFixed(1)} s, ${full.cpuS.toFixed(1)} s of CPU`);
      folder.addNew(added, old);
      const deltas = [];
      for (let i = 0; i < runs; i++) {
        const delta = await jobOf({ input, delta: { previous: full.job.id } });
        assertOnlyNew(delta.job, old, added);
        log(`delta job ${i + 1}/${runs}: ${delta.wallS.toFixed(2)} s, ${delta.cpuS.toFixed(2)} s of CPU`);
        deltas.push(delta);
      }
      return report({ full, deltas, old, added });
    } finally {
      await service.stop();
    }
  });
}

/** A folder that gets the shared photos under many names. Files are hard links to one copy per photo. */
function photoFolder(scratch) {
  const [copies, path] = ['copies', 'photos'].map((name) => join(scratch, name));
  for (const made of [copies, path]) mkdirSync(made);
  const files = [...new Set(photos(200))].map((photo) => {
    const copy = join(copies, basename(photo));
    copyFileSync(photo, copy);
    return copy;
  });
  const add = (i, suffix) =>
    linkSync(files[i % files.length], join(path, `${String(i).padStart(7, '0')}${suffix}.jpg`));
  return {
    path,
    addOld(count) {
      for (let i = 0; i < count; i++) add(i, '');
    },
    /** Between the names of the old ones, evenly spread. */
    addNew(count, old) {
      for (let i = 0; i < count; i++) add(Math.floor((i * old) / count), '-new');
    },
  };
}

/** @returns the job, its time from submit to end, and the CPU of all processes */
async function timedJob({ client, pid }, body) {
  const before = totalOf(cpuByRole(pid));
  const submitted = Date.now();
  const job = await finished(client, (await client.submit(body)).id);
  const wallS = (Date.parse(job.finished_at) - submitted) / 1000;
  return { job, wallS, cpuS: totalOf(cpuByRole(pid)) - before };
}

/** Throws Error unless the job took all old rows over and has all rows. */
function assertOnlyNew({ rows, delta }, old, added) {
  const { taken_over: taken, computed } = delta;
  if (taken === old && computed.new === added && rows.succeeded === old + added) return;
  throw new Error(
    `of ${old} old and ${added} new rows, the delta job gave ${JSON.stringify({ rows, delta })}`,
  );
}

function report({ full, deltas, old, added }) {
  const [walls, cpus] = ['wallS', 'cpuS'].map((pick) => deltas.map((one) => one[pick]));
  const share = (seconds, all) => (seconds / all) * 100;
  const range = [Math.min(...walls), Math.max(...walls)].map((wall) => short(share(wall, full.wallS)));
  return {
    rows: [
      { metric: `full job, ${old} photos`, value: full.wallS, unit: 's' },
      { metric: `delta job, the same photos and ${added} new ones`, value: median(walls), unit: 's' },
      {
        metric: 'delta job, share of the time of the full job',
        value: share(median(walls), full.wallS),
        unit: '%',
        target: '<= 5',
      },
      {
        metric: 'delta job, share of the CPU of the full job',
        value: share(median(cpus), full.cpuS),
        unit: '%',
      },
    ],
    notes: [
      `the shares of the single delta jobs range from ${range.join(' to ')} %`,
      'the new photos have names between those of the old ones, evenly spread',
    ],
    data: { old, added, full: { wallS: full.wallS, cpuS: full.cpuS }, walls, cpus },
  };
}
