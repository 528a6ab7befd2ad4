/** The time to the first block of a job over a listing. */
import { setTimeout as delay } from 'node:timers/promises';

export const LOOK_MS = 5;

/**
 * From the submit of a job until one of its blocks is in the queue. The job is then cancelled.
 * @returns `ms`, and `found`: what `look()` resolves to at that moment
 */
export async function firstBlock({ client }, body, look = async () => null) {
  const started = performance.now();
  const { id } = await client.submit(body);
  for (;;) {
    const { blocks, status, error } = await client.job(id);
    if (error !== null) throw new Error(`job ${id}: ${JSON.stringify(error)}`);
    if (blocks.queued + blocks.running + blocks.done > 0) break;
    if (status === 'completed') throw new Error(`job ${id} had no blocks`);
    await delay(LOOK_MS);
  }
  const ms = performance.now() - started;
  const found = await look();
  await client.cancel(id);
  while ((await client.job(id)).finished_at === null) await delay(LOOK_MS);
  return { ms, found };
}
