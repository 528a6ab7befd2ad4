/**
 * Checks that memory does not grow with a table, whatever its format and that of the results. Jobs of a million rows
 * run one after the other on devices that take no time. Each reads what the previous one has written, so every format
 * is written once and read once.
 */
import { startCluster } from './cluster/cluster.js';
import { KINDS, watchMemory } from './cluster/watch-memory.js';
import { growthRow, memoryBetween, memoryChart } from './harness/memory-growth.js';

export const name = 'table-memory';
export const title = 'Memory over tables of a million rows';
export const proves =
  'That the memory of the API, a worker and Redis stays the same over a million rows from and into JSONL, CSV and Parquet.';

const ROWS = 1_000_000;
const QUICK_ROWS = 100_000;
const BLOCK_ROWS = 4096;
const BATCH = 1024;
const TASK = { task: 'tabular', columns: ['x'], classes: ['a', 'b', 'c'] };
/**
 * The first job of a format compiles its code, and heaps grow to the load. So each job runs twice, and the second one
 * counts.
 */
const STEPS = [
  ['jsonl', 'csv'],
  ['csv', 'parquet'],
  ['parquet', 'jsonl'],
];
/** The start of a job is not compared, because heaps still grow to its load. */
const BEFORE = [0.1, 0.3];
const AFTER = [0.8, 1];

export async function run({ log, quick }) {
  const rows = quick ? QUICK_ROWS : ROWS;
  const cluster = await startCluster({ batchSize: BATCH, task: TASK, onDisk: true });
  try {
    await cluster.setWorkers({ count: 1, lanes: 2, device: { latencyMs: 0 } });
    let input = await cluster.records(rows, { x: 1.5 });
    const found = [];
    for (const [from, into] of STEPS) {
      await watch(cluster, { input, rows, into, output: `warm-${into}` });
      const { samples, folder } = await watch(cluster, { input, rows, into, output: `table-${into}` });
      log(`${from} into ${into}: ${samples.at(-1).rowsPerS.toFixed(0)} rows/s`);
      found.push({ from, into, samples });
      input = { type: into, path: folder };
    }
    return {
      rows: found.flatMap(rowsOf),
      charts: found.map(({ samples }) => memoryChart(samples, KINDS)),
      notes: [
        `${rows} rows, ${BLOCK_ROWS} per block, after a job of the same kind. API and worker: resident memory. Redis: used_memory.`,
        `Compared: the medians over ${BEFORE[0] * 100} to ${BEFORE[1] * 100} % and over ${AFTER[0] * 100} to ${AFTER[1] * 100} % of the rows.`,
      ],
      data: { found },
    };
  } finally {
    await cluster.close();
  }
}

/** Runs a job. Returns samples of memory, and the folder of its output. */
async function watch(cluster, { input, rows, into, output: path }) {
  // The next job needs the column.
  const output = { path, format: into, join: ['x'] };
  const { job, samples } = await watchMemory(cluster, { input, rows, output, blockRows: BLOCK_ROWS });
  if (job.rows.succeeded !== rows) throw new Error(`${job.rows.failed} of ${rows} rows failed`);
  return { samples, folder: job.output };
}

function rowsOf({ from, into, samples }) {
  return [
    ...KINDS.map((kind) =>
      growthRow({
        of: kind,
        before: memoryBetween(samples, kind, ...BEFORE),
        after: memoryBetween(samples, kind, ...AFTER),
        span: `over a table, ${from} into ${into}`,
        ...(kind !== 'redis' && { target: '<= 10' }),
      }),
    ),
    {
      metric: `Redis at most, ${from} into ${into}`,
      value: Math.max(...samples.map(({ mb }) => mb.redis)),
      unit: 'MB',
      target: '<= 16',
    },
    ...['api', 'worker'].map((kind) => ({
      metric: `${kind} at the end, ${from} into ${into}`,
      value: memoryBetween(samples, kind, ...AFTER),
      unit: 'MB',
    })),
    { metric: `speed, ${from} into ${into}`, value: samples.at(-1).rowsPerS, unit: 'rows/s' },
  ];
}
