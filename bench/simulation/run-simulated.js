/** Runs one job on simulated workers, and samples its progress, CPU time and memory until it ends. */
import { memoryOf } from '../cluster/watch-memory.js';
import { cpuSeconds } from '../harness/processes.js';
import { steadyPart } from './steady-part.js';

export const KINDS = ['api', 'redis', 'workers'];
const LOOK_MS = 250;

/**
 * @param {{ rows: number, blockRows: number, output: string }} job The table has `rows` records.
 * @returns `rowsPerS` and `cores` (busy cores by kind of process) of the middle half of the job. `samples`: the share of
 *   the rows, CPU time, and memory in MB by kind.
 */
export async function runSimulated(cluster, { rows, blockRows, output }) {
  const input = await cluster.records(rows, { x: 1 });
  const { id } = await cluster.submit(input, output, { block_rows: blockRows });
  const samples = [];
  await cluster.ended(id, LOOK_MS, async (job) => {
    const pids = cluster.pids();
    samples.push({
      ms: performance.now(),
      share: job.rows.succeeded / rows,
      cpu: Object.fromEntries(KINDS.map((kind) => [kind, cpuSeconds(pids[kind])])),
      mb: await memoryOf(cluster),
    });
  });
  const { seconds, share, cores } = steadyPart(samples, KINDS);
  const rowsPerS = (share * rows) / seconds;
  return { rows, blockRows, rowsPerS, blocksPerS: rowsPerS / blockRows, cores, samples };
}

/** Busy cores by kind of process while nothing runs. */
export async function idleCores(cluster, seconds) {
  const pids = cluster.pids();
  const cpu = () => KINDS.map((kind) => cpuSeconds(pids[kind]));
  const before = cpu();
  const began = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const s = (performance.now() - began) / 1000;
  return Object.fromEntries(cpu().map((after, at) => [KINDS[at], (after - before[at]) / s]));
}
