/** Runs one job on a cluster and measures its blocks, the CPU time of each kind of process, and the work of Redis. */
import { cpuSeconds } from '../harness/processes.js';
import { redisInfo } from '../harness/redis-info.js';

const WARM_ROWS = 500;

/**
 * `periodMs`: how long a lane needs for a block. Lanes that start blocks together end them together, so the steady rate
 * covers whole periods within the job's middle half. If it is 0, the steady rate covers exactly the middle half.
 * `lookMs`: time between polls of the job.
 * @param {{ rows: number, blockRows: number, output: string, periodMs?: number, lookMs?: number }} job
 */
export async function measureJob(cluster, { rows, blockRows, output, periodMs = 0, lookMs = 50 }) {
  const blocks = Math.ceil(rows / blockRows);
  const warm = await cluster.submit(await cluster.manifest(WARM_ROWS), `${output}-warm`, {
    block_rows: blockRows,
  });
  await cluster.ended(warm.id);
  const manifest = await cluster.manifest(rows);

  const cpu = () =>
    Object.fromEntries(Object.entries(cluster.pids()).map(([kind, pids]) => [kind, cpuSeconds(pids)]));
  await cluster.redis.config('RESETSTAT');
  const cpuBefore = cpu();
  let cpuAfter = cpuBefore;
  let redisBytes = 0;
  /** @type {{ ms: number, rows: number }[]} */
  const samples = [];
  const { id } = await cluster.submit(manifest, output, { block_rows: blockRows });
  const job = await cluster.ended(id, lookMs, async ({ rows: done }) => {
    if (done.succeeded === rows && samples.at(-1)?.rows === rows) return;
    samples.push({ ms: performance.now(), rows: done.succeeded });
    cpuAfter = cpu();
    if (samples.length % 10 === 0) {
      redisBytes = Math.max(redisBytes, await redisInfo(cluster.redis, 'memory', 'used_memory'));
    }
  });
  if (job.rows.succeeded !== rows) throw new Error(`${job.rows.failed} rows failed`);
  const perBlock = (seconds) => (seconds * 1000) / blocks;
  const cpuMs = Object.fromEntries(
    Object.entries(cpuAfter).map(([kind, seconds]) => [kind, perBlock(seconds - cpuBefore[kind])]),
  );
  const rowsPerS = job.throughput.rows_per_s;
  return {
    blocks,
    rowsPerS,
    blocksPerS: rowsPerS / blockRows,
    steadyRowsPerS: steadyRate(samples, periodMs),
    /** CPU per block, ms, by kind of process. */
    cpuMs,
    /** Redis' socket reads per block. Each is a round trip, or several whose commands arrive together. */
    readsPerBlock: (await redisInfo(cluster.redis, 'stats', 'total_reads_processed')) / blocks,
    /** Commands per block, including those inside scripts. */
    commandsPerBlock: (await redisInfo(cluster.redis, 'stats', 'total_commands_processed')) / blocks,
    redisMb: redisBytes / 1e6,
  };
}

/** Rows per second over the middle half, or over as many periods as fit into it. */
function steadyRate(samples, periodMs) {
  const rows = samples.at(-1).rows;
  const from = samples.find((sample) => sample.rows >= rows / 4);
  const half = samples.find((sample) => sample.rows >= (rows * 3) / 4);
  const span = half.ms - from.ms;
  const periods = periodMs > 0 ? Math.max(1, Math.floor(span / periodMs)) : 0;
  const until = periods === 0 ? half.ms : from.ms + periods * periodMs;
  const to = samples.find((sample) => sample.ms >= until) ?? samples.at(-1);
  return ((to.rows - from.rows) / (to.ms - from.ms)) * 1000;
}
