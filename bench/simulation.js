/**
 * Measures how much one API process and one Redis can coordinate. Simulated devices take 50 ms per 16 rows. The
 * workers, Redis and the API process are real, and so is the table that they read, so a row costs what a tiny record
 * costs.
 */
import { startCluster } from './cluster/cluster.js';
import { growthRow, memoryBetween, memoryChart } from './harness/memory-growth.js';
import { fitCost, wall } from './simulation/cost-model.js';
import { idleCores, KINDS, runSimulated } from './simulation/run-simulated.js';

export const name = 'simulation';
export const title = '500 simulated workers, and where coordination ends';
export const proves =
  'That 500 workers keep their devices busy, that nothing grows over a very long job, and what would be full first.';
export const defaults = { runs: 1, seconds: 60, quick: { runs: 1, seconds: 10 } };

const LATENCY_MS = 50;
const ROWS_PER_CALL = 16;
const ROWS_PER_WORKER = (ROWS_PER_CALL * 1000) / LATENCY_MS;
/** A lane gets this many calls in one message, which costs a core of the worker, not of coordination. */
const CALLS_PER_BATCH = 16;
const TASK = { task: 'tabular', columns: ['x'], classes: ['a', 'b', 'c'] };
const WORKERS = 500;
const QUICK_WORKERS = 50;
/** Their devices need no core, so many workers share a process. */
const PER_PROCESS = 125;
const SMALL_BLOCKS = 256;
const BLOCKS = 1024;
const LONG_ROWS = 10_000_000;
const IDLE_S = 10;
/** Block sizes and numbers of workers of the table of walls. */
const WALLS = [
  [500, 256],
  [500, 1024],
  [500, 4096],
  [2000, 4096],
];

export async function run({ log, quick, seconds, rows: longRows = quick ? undefined : LONG_ROWS }) {
  const workers = quick ? QUICK_WORKERS : WORKERS;
  const ideal = workers * ROWS_PER_WORKER;
  const cluster = await startCluster({
    batchSize: ROWS_PER_CALL * CALLS_PER_BATCH,
    task: TASK,
    onDisk: true,
  });
  const simulate = async (blockRows, rows, output) => {
    const found = await runSimulated(cluster, { rows, blockRows, output });
    log(
      `${rows} rows, ${blockRows} per block: ${found.rowsPerS.toFixed(0)} rows/s, ${(found.rowsPerS / ideal).toFixed(3)} of ideal`,
    );
    return found;
  };
  try {
    await cluster.setWorkers({
      count: workers,
      perProcess: PER_PROCESS,
      device: { latencyMs: LATENCY_MS, rowsPerCall: ROWS_PER_CALL },
    });
    const idle = await idleCores(cluster, IDLE_S);
    const small = await simulate(SMALL_BLOCKS, ideal * seconds, 'small');
    const large = await simulate(BLOCKS, ideal * seconds, 'large');
    const long = longRows === undefined ? [] : [await simulate(BLOCKS, longRows, 'long')];
    await cluster.setWorkers({ count: 1, lanes: 4, device: { latencyMs: 0 } });
    const fed = await simulate(BLOCKS * 4, quick ? 500_000 : 5_000_000, 'fed');
    const costs = Object.fromEntries(
      KINDS.map((kind) => [kind, fitCost(kind, { workers, idle, small, large })]),
    );
    return {
      rows: [
        ...[small, large, ...long].map(({ rows, blockRows, rowsPerS }) => ({
          metric: `${workers} workers, ${rows / 1e6} M rows, ${blockRows} per block`,
          value: rowsPerS,
          unit: 'rows/s',
          ratio: rowsPerS / ideal,
          ...(blockRows >= BLOCKS && { target: '>= 0.95' }),
        })),
        {
          metric: 'one feeder, devices that take no time',
          value: fed.rowsPerS,
          unit: 'rows/s',
          target: '>= 200,000',
        },
        {
          metric: 'most memory of Redis',
          value: Math.max(
            ...[small, large, ...long].flatMap(({ samples }) => samples.map(({ mb }) => mb.redis)),
          ),
          unit: 'MB',
          target: '<= 64',
        },
        ...long.flatMap(({ samples }) => KINDS.map((kind) => growth(samples, kind))),
        ...KINDS.flatMap((kind) => costRows(kind, costs[kind])),
        ...WALLS.flatMap(([count, blockRows]) =>
          ['api', 'redis'].map((kind) => ({
            metric: `one core of ${kind} full, ${count} workers, ${blockRows} rows per block`,
            value: wall(costs[kind], count, blockRows),
            unit: 'rows/s',
          })),
        ),
      ],
      charts: long.map(({ samples }) => memoryChart(samples, KINDS)),
      notes: [
        `A device takes ${LATENCY_MS} ms per ${ROWS_PER_CALL} rows, so ${workers} workers ideally make ${ideal} rows/s. ${PER_PROCESS} workers share a process.`,
        'Rates and cores are those of the middle half of a job.',
      ],
      data: { idle, small, large, long, fed, costs },
    };
  } finally {
    await cluster.close();
  }
}

/** From a tenth of the job on, when heaps have their size. */
function growth(samples, kind) {
  return growthRow({
    of: kind,
    before: memoryBetween(samples, kind, 0.1, 0.2),
    after: memoryBetween(samples, kind, 0.85, 0.95),
    span: 'over the long job',
    target: '<= 10',
  });
}

function costRows(kind, { perWorker, perBlock, perRow }) {
  return [
    { metric: `CPU of ${kind} per idle worker and second`, value: perWorker * 1000, unit: 'ms' },
    { metric: `CPU of ${kind} per block`, value: perBlock * 1000, unit: 'ms' },
    { metric: `CPU of ${kind} per row`, value: perRow * 1e6, unit: 'us' },
  ];
}
