/**
 * Checks that memory does not grow with a table, whatever its format and that of the results. Jobs of a million rows run one
 * after the other on devices that take no time. Each reads what the one before has written, so every format is written once
 * and read once.
 */
import { startCluster } from './cluster/cluster.js';
import { growthRow, memoryChart } from './harness/memory-growth.js';
import { rssBytes } from './harness/processes.js';
import { redisInfo } from './harness/redis-info.js';
import { median } from './harness/statistics.js';

export const name = 'table-memory';
export const title = 'Memory over tables of a million rows';
export const proves =
  'That the memory of the API, a worker and Redis stays the same over a million rows from and into JSONL, CSV and Parquet.';

const ROWS = 1_000_000;
const QUICK_ROWS = 100_000;
const BLOCK_ROWS = 4096;
const BATCH = 1024;
const LOOK_MS = 20;
const KINDS = ['api', 'worker', 'redis'];
const TASK = { task: 'tabular', columns: ['x'], classes: ['a', 'b', 'c'] };
/** The first job of a format compiles its code, and heaps grow to the load. So each job runs twice, and the second counts. */
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
      charts: found.map(({ samples }) =>
        memoryChart(
          KINDS.map((kind) => ({ label: kind, points: samples.map((s) => [s.share * 100, s[kind]]) })),
        ),
      ),
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

/** Runs a job and samples memory in MB until it ends. */
async function watch(cluster, { input, rows, into, output }) {
  const samples = [];
  // The next job needs the column.
  const { id } = await cluster.submit(
    input,
    { path: output, format: into, join: ['x'] },
    { block_rows: BLOCK_ROWS },
  );
  const job = await cluster.ended(id, LOOK_MS, async ({ rows: { succeeded }, throughput }) => {
    const pids = cluster.pids();
    samples.push({
      share: succeeded / rows,
      api: rssBytes(pids.api) / 1e6,
      worker: rssBytes(pids.workers) / 1e6,
      redis: (await redisInfo(cluster.redis, 'memory', 'used_memory')) / 1e6,
      rowsPerS: throughput.rows_per_s,
    });
  });
  if (job.rows.succeeded !== rows) throw new Error(`${job.rows.failed} of ${rows} rows failed`);
  return { samples, folder: job.output };
}

function rowsOf({ from, into, samples }) {
  const over = (kind, [low, high]) =>
    median(samples.filter(({ share }) => share >= low && share <= high).map((sample) => sample[kind]));
  return [
    ...KINDS.map((kind) =>
      growthRow({
        of: kind,
        before: over(kind, BEFORE),
        after: over(kind, AFTER),
        span: `over a table, ${from} into ${into}`,
        ...(kind !== 'redis' && { target: '<= 10' }),
      }),
    ),
    {
      metric: `Redis at most, ${from} into ${into}`,
      value: Math.max(...samples.map(({ redis }) => redis)),
      unit: 'MB',
      target: '<= 16',
    },
    ...['api', 'worker'].map((kind) => ({
      metric: `${kind} at the end, ${from} into ${into}`,
      value: over(kind, AFTER),
      unit: 'MB',
    })),
    { metric: `speed, ${from} into ${into}`, value: samples.at(-1).rowsPerS, unit: 'rows/s' },
  ];
}
