/**
 * The reference of all ratios: read, decode, infer, best five, the whole row in one loop a core. No queue, no
 * HTTP, no results on disk, none of the project's code but its kernels. Finds its own best configuration.
 */
import { median } from './harness/measure.js';
import { SUBJECTS } from './harness/subjects.js';
import { startLanes } from './inprocess/lanes.js';
import { ceilingConfig, describe, startingPoint, tuneCeiling } from './inprocess/tuned.js';

export const name = 'ceiling';
export const title = 'Ceiling: lanes tuned by hand, in one program';

export async function run({ log, quick, seconds, runs }) {
  const rows = [];
  const charts = [];
  const notes = [];
  const data = {};
  const bars = [];
  for (const subject of Object.values(SUBJECTS)) {
    // A smoke run finds nothing worth keeping.
    const tuned = quick
      ? { chosen: startingPoint(subject), tried: [] }
      : await tuneCeiling(subject, { seconds: seconds / 4, log });
    const { config } = ceilingConfig(subject);
    const lanes = await startLanes({ ...config, ...tuned.chosen }, subject.files(400));
    const done = [];
    try {
      await lanes.measure(Math.min(2, seconds / 4));
      for (let i = 0; i < runs; i++) done.push(await lanes.measure(seconds / 2));
    } finally {
      await lanes.stop();
    }
    const rate = median(done.map((one) => one.rate));
    rows.push({ metric: subject.title, value: rate, unit: 'rows/s' });
    notes.push(`${subject.title}: ${describe(tuned.chosen)}`);
    const { stages } = done.at(-1);
    bars.push({ label: subject.title, values: Object.values(stages) });
    data[subject.name] = { chosen: tuned.chosen, tried: tuned.tried, runs: done, loadMs: lanes.loadMs };
    if (tuned.tried.length > 0) {
      charts.push({
        type: 'bars',
        title: `${subject.title}: what was tried`,
        unit: 'rows/s',
        bars: tuned.tried.map((one) => ({ label: describe(one), value: one.rate })),
      });
    }
  }
  const parts = ['read', 'decode', 'prepare', 'infer', 'post'];
  const [photos, digits] = [bars.slice(0, 2), bars.slice(2)];
  charts.unshift(
    { type: 'stacked', title: 'Time per stage, photos', unit: 'ms a row in its lane', parts, bars: photos },
    { type: 'stacked', title: 'Time per stage, digits', unit: 'ms a row in its lane', parts, bars: digits },
  );
  return { rows, charts, notes, data };
}
