/** The last step of the ladder: the same rows through the real service. */
import { readResources } from '../../dist/workers/settings/resources.js';
import { startCluster } from '../cluster/cluster.js';
import { measureJob } from '../endtoend/measure-job.js';
import { startService } from '../harness/service.js';
import { modelFolder } from '../harness/model-folder.js';
import { textEncoder } from '../harness/models.js';
import { manifest } from '../harness/workloads.js';
import { SORTED_BATCHES } from './steps.js';

/** Approximate rows per second of one core, to size jobs. */
const TEXT_ROWS_PER_CORE = 60;
const { cpus } = readResources();

/**
 * @param {import('../harness/subjects.js').Subject} subject
 * @param {number} seconds
 * @returns rows/s in steady state
 */
export async function photosThroughService(subject, seconds) {
  const count = Math.max(subject.atLeast, Math.round(subject.roughly * cpus * seconds));
  const { input, roots } = manifest(`ladder-${subject.name}`, subject.rows(count));
  const service = await startService({ models: [modelFolder(subject.name)], inputs: roots });
  try {
    const job = { model: subject.name, input };
    // The other steps warm up before they measure, so this one does too.
    await measureJob(service, { ...job, options: { limit: Math.min(count, subject.atLeast) } });
    return (await measureJob(service, job)).rate;
  } finally {
    await service.stop();
  }
}

/**
 * Embeds small files with one worker. Each batch of a lane is sorted and run in calls of `batch` rows.
 * @returns rows/s of the whole job. Lanes commit at the same moments, a second apart, so their parts give no steady rate.
 */
export async function textThroughService({ tokens, batch }, seconds) {
  const batchSize = batch * SORTED_BATCHES;
  const cluster = await startCluster({ batchSize, graph: textEncoder(), onDisk: true });
  try {
    await cluster.setWorkers({ count: 1, lanes: cpus, device: { tokens, callRows: batch } });
    const run = async (rows, output) => {
      const { id } = await cluster.submit(await cluster.manifest(rows), output, { block_rows: batchSize });
      return cluster.ended(id);
    };
    await run(cpus * batchSize, 'warm');
    const batches = Math.ceil((TEXT_ROWS_PER_CORE * seconds) / batchSize);
    return (await run(cpus * Math.max(4, batches) * batchSize, 'job')).throughput.rows_per_s;
  } finally {
    await cluster.close();
  }
}
