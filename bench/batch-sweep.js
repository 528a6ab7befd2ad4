/** Throughput against batch size, for lanes and threads in different numbers: MobileNetV2 in lanes tuned by hand. */
import { inTurns, median } from './harness/measure.js';
import { readResources } from '../dist/workers/resources.js';
import { laneConfigOf, SUBJECTS } from './harness/subjects.js';
import { measureOnce } from './inprocess/lanes.js';

export const name = 'batch-sweep';
export const title = 'Throughput against batch size and lanes';

const BATCHES = [1, 2, 4, 8, 16];

export async function run({ log, quick, seconds, runs }) {
  const subject = SUBJECTS.mobilenetv2;
  const files = subject.files(200);
  const fixed = laneConfigOf(subject);
  const { cpus } = readResources();
  const shapes = [
    { lanes: 1, threads: 1 },
    { lanes: 1, threads: cpus },
    { lanes: cpus, threads: 1 },
    // More than there are cores: what oversubscription costs.
    { lanes: cpus * 2, threads: 1 },
  ];
  const batches = quick ? [1, 4, 16] : BATCHES;
  const rows = [];
  const series = [];
  for (const shape of shapes) {
    const label = `${shape.lanes} ${shape.lanes === 1 ? 'lane' : 'lanes'} x ${shape.threads}`;
    const variants = Object.fromEntries(
      batches.map((batch) => [
        `batch of ${batch}`,
        async () =>
          (await measureOnce({ ...fixed, ...shape, unit: 'process', batch }, files, seconds / 3)).rate,
      ]),
    );
    const found = await inTurns({
      runs: Math.ceil(runs / 2),
      variants,
      log: (line) => log(`${label}, ${line}`),
      show: (rate) => `${rate.toFixed(1)} rows/s`,
    });
    const points = batches.map((batch) => [batch, median(found[`batch of ${batch}`])]);
    series.push({ label, points });
    const [batch, rate] = points.toSorted((a, b) => b[1] - a[1])[0];
    rows.push({ metric: `${label} threads: best, at batch ${batch}`, value: rate, unit: 'rows/s' });
  }
  const chart = {
    type: 'lines',
    title: `${subject.title}: rows a second against batch size`,
    x: { label: 'rows a model call', log: true },
    y: { label: 'rows/s', unit: 'rows/s' },
    series,
  };
  return { rows, charts: [chart], data: { series } };
}
