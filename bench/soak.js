/**
 * Checks that memory stays constant under real work. One job of two million digits runs through the real service, while
 * the memory of every process and of Redis is sampled. Then a lane loads and releases a model 200 times.
 */
import { growthRow, memoryBetween, memoryChart } from './harness/memory-growth.js';
import { median } from './harness/statistics.js';
import { loadRepeatedly } from './soak/load-repeatedly.js';
import { MODEL, watchJob } from './soak/watch-job.js';

export const name = 'soak';
export const title = 'Memory over two million real rows';
export const proves =
  'That no process grows over two million real rows, and no lane over 200 loads of a model.';

const ROWS = 2_000_000;
const QUICK_ROWS = 20_000;
/** The first tenth of the job is not compared, because heaps still grow to their final size there. */
const FROM = 0.1;
/**
 * The benchmark compares the memory at `FROM` with the memory at the end. Each is the median over this share of the
 * job, because single samples vary with garbage collection.
 */
const AROUND = 0.05;
const MOST_GROWTH = '<= 10';

const LOADS = 200;
const QUICK_LOADS = 40;
/** Share of the loads after which a lane's heaps have their final size. */
const WARM_LOADS = 0.2;

export async function run({ log, quick, rows: wanted = ROWS }) {
  const rows = quick ? QUICK_ROWS : wanted;
  const { samples, warmRows } = await watchJob(rows, log);
  const loads = await loadRepeatedly(quick ? QUICK_LOADS : LOADS);
  const roles = Object.keys(samples.at(-1).mb);
  return {
    rows: [
      ...roles.flatMap((role) => growthOver(samples, role)),
      { metric: 'lanes restarted', value: lanesRestarted(samples), unit: '' },
      { metric: 'speed', value: rows / samples.at(-1).s, unit: 'rows/s' },
      ...growthOverLoads(loads, log),
    ],
    charts: [memoryChart(samples, roles)],
    notes: [
      `${rows} rows of ${MODEL} after ${warmRows} to warm up. Resident memory of each process, medians around the marks. ` +
        `${samples.length} samples over ${samples.at(-1).s.toFixed(0)} s.`,
      'After each load the lane runs a row. A load releases the session of the previous load.',
    ],
    data: { samples, loads },
  };
}

function growthOver(samples, role) {
  const before = memoryBetween(samples, role, FROM - AROUND / 2, FROM + AROUND / 2);
  const after = memoryBetween(samples, role, 1 - AROUND, 1);
  const mark = `${FROM * 100} %`;
  return [
    { metric: `${role} at ${mark}`, value: before, unit: 'MB' },
    { metric: `${role} at 100 %`, value: after, unit: 'MB' },
    growthRow({ of: role, before, after, span: `from ${mark} to 100 %`, target: MOST_GROWTH }),
  ];
}

function lanesRestarted(samples) {
  const seen = new Set(samples.flatMap(({ lanePids }) => lanePids));
  return seen.size - samples.at(-1).lanePids.length;
}

function growthOverLoads(loads, log) {
  const tenth = Math.ceil(loads.length / 10);
  const warm = Math.floor(loads.length * WARM_LOADS);
  const before = median(loads.slice(warm, warm + tenth));
  const after = median(loads.slice(-tenth));
  log(`${loads.length} loads: ${before.toFixed(0)} MB, then ${after.toFixed(0)} MB`);
  return [
    { metric: `lane after ${warm} loads of a model`, value: before, unit: 'MB' },
    growthRow({ of: 'a lane', before, after, span: `to ${loads.length} loads`, target: MOST_GROWTH }),
  ];
}
