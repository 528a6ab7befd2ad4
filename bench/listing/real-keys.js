/** A job over 100,000 real objects of a real S3 server, up to its end. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { modelFolder } from '../harness/model-folder.js';
import { roleOf, rssBytes, treeOf } from '../harness/processes.js';
import { inScratch } from '../harness/scratch.js';
import { finished, startService } from '../harness/service.js';
import { startSeaweedfs } from '../s3/seaweedfs.js';
import { firstBlock } from './first-block.js';
import { memoryRows } from './memory-rows.js';

const WARM_KEYS = 1_000;

/**
 * Throws Unavailable if SeaweedFS cannot be found.
 * @param {{ model: string, picture: string, keys: number }} options
 */
export async function realKeys({ model, picture, keys }) {
  return inScratch(async (folder) => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const server = await startSeaweedfs(data);
    try {
      const warm = await server.fill('warm', WARM_KEYS, picture);
      const prefix = await server.fill('all', keys, picture);
      const service = await startService({
        models: [modelFolder(model)],
        inputs: [server.root],
        env: { ...server.env, REDIS_URL: undefined },
      });
      try {
        return await run(service, { model, warm, prefix, keys });
      } finally {
        await service.stop();
      }
    } finally {
      await server.stop();
    }
  });
}

async function run(service, { model, warm, prefix, keys }) {
  const { client, pid } = service;
  const bodyOf = (path) => ({ model, input: { type: 'files', path } });
  await finished(client, (await client.submit(bodyOf(warm))).id);
  const { ms: firstMs } = await firstBlock(service, bodyOf(prefix));
  const api = treeOf(pid).filter((one) => roleOf(one) === 'api');
  const samples = [];
  const began = performance.now();
  const { id } = await client.submit(bodyOf(prefix));
  const { rows } = await finished(client, id, {
    onPoll: async (job) => {
      samples.push({ share: job.rows.succeeded / keys, mb: { api: rssBytes(api) / 1e6 } });
    },
  });
  const seconds = (performance.now() - began) / 1000;
  if (rows.succeeded !== keys) throw new Error(`job ${id}: ${JSON.stringify(rows)}`);
  return { keys, what: `a job over ${keys} objects of SeaweedFS`, firstMs, rate: keys / seconds, samples };
}

export function realKeyRows(job) {
  const { what, firstMs, rate } = job;
  return [
    { metric: `first block in the queue, ${what}`, value: firstMs, unit: 'ms', target: '< 1000' },
    ...memoryRows(job),
    { metric: `rate of ${what}`, value: rate, unit: 'rows/s' },
  ];
}
