/**
 * Checks that memory does not grow with a job. One job of a million rows runs on simulated devices that take no time.
 * The case compares the memory of the API, a worker and Redis at 1 %, 10 % and 100 % of the rows.
 */
import { startCluster } from './cluster/cluster.js';
import { KINDS, watchMemory } from './cluster/watch-memory.js';
import { growthRow, memoryChart } from './harness/memory-growth.js';
import { median } from './harness/statistics.js';

export const name = 'memory';
export const title = 'Memory over one job of a million rows';
export const proves =
  'That the memory of the API, a worker and Redis stays the same over a job of a million rows.';

const ROWS = 1_000_000;
const QUICK_ROWS = 100_000;
/** Ten seconds of work. V8 takes about as long to grow its heap to a new load. */
const WARM_ROWS = 200_000;
const BLOCK_ROWS = 256;
const BATCH = 64;
const SHARES = [0.01, 0.1, 1];
/** Samples per median, because the garbage collector changes memory more than any growth does. */
const SAMPLES = 11;

export async function run({ log, quick }) {
  const rows = quick ? QUICK_ROWS : ROWS;
  const cluster = await startCluster({ batchSize: BATCH });
  try {
    await cluster.setWorkers({ count: 1, lanes: 2, device: { latencyMs: 0 } });
    // A first job compiles code and grows pools.
    const warm = await cluster.submit(await cluster.manifest(WARM_ROWS), 'warm', { block_rows: BLOCK_ROWS });
    await cluster.ended(warm.id);
    const input = await cluster.manifest(rows);
    const { samples } = await watchMemory(
      cluster,
      { input, rows, output: 'job', blockRows: BLOCK_ROWS },
      log,
    );
    return {
      rows: rowsOf(samples),
      charts: [memoryChart(samples, KINDS)],
      notes: [`${rows} rows, ${BLOCK_ROWS} per block. API and worker: resident memory. Redis: used_memory.`],
      data: { samples },
    };
  } finally {
    await cluster.close();
  }
}

function rowsOf(samples) {
  const at = (kind, share) => median(nearest(samples, share).map(({ mb }) => mb[kind]));
  return [
    ...KINDS.flatMap((kind) =>
      SHARES.map((share) => ({ metric: `${kind} at ${share * 100} %`, value: at(kind, share), unit: 'MB' })),
    ),
    ...['api', 'worker'].map((kind) =>
      growthRow({
        of: kind,
        before: at(kind, SHARES[0]),
        after: at(kind, 1),
        span: 'from 1 % to 100 %',
        target: '<= 10',
      }),
    ),
    {
      metric: 'Redis at most',
      value: Math.max(...samples.map(({ mb }) => mb.redis)),
      unit: 'MB',
      target: '<= 16',
    },
    { metric: 'speed', value: samples.at(-1).rowsPerS, unit: 'rows/s' },
  ];
}

/** The samples nearest to a share of the rows. */
function nearest(samples, share) {
  return samples.toSorted((a, b) => Math.abs(a.share - share) - Math.abs(b.share - share)).slice(0, SAMPLES);
}
