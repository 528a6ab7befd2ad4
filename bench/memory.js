/**
 * Constant memory: one job of a million rows on simulated devices that take no time. Resident memory of the API and of
 * a worker, and Redis's, at 1 %, 10 % and 100 % of its rows: each the median of samples around that moment.
 */
import { redisInfo, rssBytes, startCluster } from './cluster/cluster.js';

export const name = 'memory';
export const title = 'Memory over one job of a million rows';

const ROWS = 1_000_000;
const QUICK_ROWS = 100_000;
/**
 * Ten seconds at the speed of devices that take no time: so long does V8 take to grow its heap to a load. Without it,
 * the first mark is half a second after the start (114 MB there, 132 at 10 %, 140 at 100 %).
 */
const WARM_ROWS = 200_000;
const BLOCK_ROWS = 256;
const BATCH = 64;
const SHARES = [0.01, 0.1, 1];
/** Samples of a median: the collector's ups and downs are larger than any growth. */
const SAMPLES = 11;
const KINDS = ['api', 'worker', 'redis'];

export async function run({ log, quick }) {
  const rows = quick ? QUICK_ROWS : ROWS;
  const cluster = await startCluster({ batchSize: BATCH });
  try {
    await cluster.setWorkers({ count: 1, lanes: 2, device: { latencyMs: 0 } });
    // Code is compiled and pools are grown once, by a job before.
    const warm = await cluster.submit(await cluster.manifest(WARM_ROWS), 'warm', { block_rows: BLOCK_ROWS });
    await cluster.ended(warm.id);
    const samples = await watch(cluster, rows, log);
    const at = SHARES.map((share) => ({ share, ...medianAround(samples, share) }));
    const [first, , last] = at;
    return {
      rows: [
        ...KINDS.flatMap((kind) =>
          at.map((a) => ({ metric: `${kind} at ${a.share * 100} %`, value: a[kind], unit: 'MB' })),
        ),
        ...['api', 'worker'].map((kind) => ({
          metric: `growth of ${kind} from 1 % to 100 %`,
          value: ((last[kind] - first[kind]) / first[kind]) * 100,
          unit: '%',
          target: '<= 10',
        })),
        {
          metric: 'Redis at most',
          value: Math.max(...samples.map((s) => s.redis)),
          unit: 'MB',
          target: '<= 16',
        },
        { metric: 'speed', value: samples.at(-1).rowsPerS, unit: 'rows/s' },
      ],
      charts: [
        {
          type: 'lines',
          title: 'Memory over the job',
          x: { label: '% of rows' },
          y: { label: 'MB', unit: 'MB' },
          series: KINDS.map((kind) => ({
            label: kind,
            points: samples.map((s) => [s.share * 100, s[kind]]),
          })),
        },
      ],
      notes: [`${rows} rows, ${BLOCK_ROWS} a block; API and worker: resident memory; Redis: used_memory.`],
      data: { samples },
    };
  } finally {
    await cluster.close();
  }
}

/** Memory in MB at each look, until the job has ended. */
async function watch(cluster, rows, log) {
  const samples = [];
  const { id } = await cluster.submit(await cluster.manifest(rows), 'job', { block_rows: BLOCK_ROWS });
  // A hundredth of the job must hold enough looks.
  await cluster.ended(id, 20, async (job) => {
    const pids = cluster.pids();
    const share = job.rows.succeeded / rows;
    samples.push({
      share,
      api: rssBytes(pids.api) / 1e6,
      worker: rssBytes(pids.workers) / 1e6,
      redis: (await redisInfo(cluster.redis, 'memory', 'used_memory')) / 1e6,
      rowsPerS: job.throughput.rows_per_s,
    });
    if (samples.length % 500 === 0) log(`${(share * 100).toFixed(0)} %`);
  });
  return samples;
}

/** Medians over the samples nearest to a share of the rows. */
function medianAround(samples, share) {
  const near = samples
    .toSorted((a, b) => Math.abs(a.share - share) - Math.abs(b.share - share))
    .slice(0, SAMPLES);
  return Object.fromEntries(
    KINDS.map((kind) => [
      kind,
      near.map((s) => s[kind]).toSorted((a, b) => a - b)[Math.floor(near.length / 2)],
    ]),
  );
}
