/** Measures the throughput of MobileNetV2 for several batch sizes, numbers of lanes and threads, without the service. */
import { readResources } from '../dist/workers/settings/resources.js';
import { inTurns } from './harness/in-turns.js';
import { median, pairedRatio } from './harness/statistics.js';
import { laneConfigOf, SUBJECTS } from './harness/subjects.js';
import { measureOnce } from './inprocess/lanes.js';

export const name = 'batch-sweep';
export const title = 'Throughput against batch size and lanes';
export const proves = 'Which batch size, number of lanes and threads per lane are fastest on this machine.';

const BATCHES = [1, 2, 4, 8, 16];

export async function run({ log, quick, seconds, runs }) {
  const subject = SUBJECTS.mobilenetv2;
  const files = subject.rows(200);
  const fixed = laneConfigOf(subject);
  const shapes = shapesFor(readResources().cpus);
  const batches = quick ? [1, 4, 16] : BATCHES;
  const variants = shapes.flatMap((shape) =>
    batches.map((batch) => [
      keyOf(shape, batch),
      async () =>
        (await measureOnce({ ...fixed, ...shape, unit: 'process', batch }, files, seconds / 3)).rate,
    ]),
  );
  // All shapes take turns, because the lines of the chart are compared with each other.
  const found = await inTurns({
    runs: Math.ceil(runs / 2),
    variants: Object.fromEntries(variants),
    log,
    show: (rate) => `${rate.toFixed(1)} rows/s`,
  });
  const series = shapes.map((shape) => ({
    label: labelOf(shape),
    points: batches.map((batch) => [batch, median(found[keyOf(shape, batch)])]),
  }));
  const rows = shapes.map((shape, i) => {
    const [best, rate] = series[i].points.toSorted((a, b) => b[1] - a[1])[0];
    const { median: ratio } = pairedRatio(found[keyOf(shape, best)], found[keyOf(shape, batches[0])]);
    return { metric: `${labelOf(shape)}: best, batch ${best} / batch 1`, value: rate, unit: 'rows/s', ratio };
  });
  const chart = {
    type: 'lines',
    title: `rows per model call`,
    x: { label: 'rows per model call', log: true },
    y: { label: 'rows/s', unit: 'rows/s' },
    series,
  };
  return { rows, charts: [chart], data: { series, found } };
}

/** The last shape has more lanes than cores. It shows what oversubscription costs. */
function shapesFor(cpus) {
  const shapes = [
    { lanes: 1, threads: 1 },
    { lanes: 1, threads: cpus },
    { lanes: cpus, threads: 1 },
    { lanes: cpus * 2, threads: 1 },
  ];
  return [...new Map(shapes.map((shape) => [labelOf(shape), shape])).values()];
}

function labelOf({ lanes, threads }) {
  return `${lanes} x ${threads}`;
}

function keyOf(shape, batch) {
  return `${labelOf(shape)}, batch of ${batch}`;
}
