/**
 * Measures the rate that the service is compared with. Each core runs one loop that reads, decodes, infers and ranks
 * the answers. There is no queue, no HTTP and no result on disk. Only the decode kernels are the project's code.
 */
import { median } from './harness/statistics.js';
import { stackedByKind } from './harness/subject-charts.js';
import { poolOf } from './harness/subjects.js';
import { startLanes } from './inprocess/lanes.js';
import { ceilingConfig, describe, startingPoint, tuneCeiling } from './inprocess/tuned.js';

export const name = 'ceiling';
export const title = 'Ceiling: lanes tuned by hand, in one program';
export const proves = 'How fast this machine can run each model in a hand-tuned program without the service.';

export async function run({ log, quick, seconds, runs, subjects }) {
  const rows = [];
  const charts = [];
  const stages = [];
  const notes = [];
  const data = {};
  for (const subject of subjects) {
    // A smoke run is too short for a choice worth keeping.
    const tuned = quick
      ? { chosen: startingPoint(subject), tried: [] }
      : await tuneCeiling(subject, { seconds: seconds / 4, log });
    const { config } = ceilingConfig(subject);
    const lanes = await startLanes({ ...config, ...tuned.chosen }, poolOf(subject));
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
    stages.push({ subject, values: Object.values(done.at(-1).stages) });
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
  charts.unshift(
    ...stackedByKind({
      title: 'Time per stage',
      unit: 'ms per row in its lane',
      parts: ['read', 'decode', 'prepare', 'infer', 'post'],
      bars: stages,
    }),
  );
  return { rows, charts, notes, data };
}
