// Runs one seed: starts a cluster and a job, injects the planned faults, and reports what is wrong afterwards.
import { waitUntil } from '../support/wait-until.ts';
import { startCluster, type Cluster } from './cluster.ts';
import { inject } from './inject.ts';
import { submitChaosJob, type ChaosJob } from './job.ts';
import { outcomeOf, type Outcome } from './outcome.ts';
import type { PlaceKind } from './places.ts';
import type { PlannedFault } from './plan.ts';
import { verify } from './verify.ts';

/** The longest wait for the next fault, and for the end of the job after the last fault has healed. */
export const PATIENCE_MS = 120_000;
const ENDED = ['completed', 'failed', 'cancelled'];

export interface SeedReport {
  /** Empty if nothing is wrong. */
  readonly wrong: readonly string[];
  readonly logs: string;
  readonly seconds: number;
}

/** Returns the outcome of an undisturbed run. */
export async function runUndisturbed(
  job: ChaosJob,
  workers: number,
  place: PlaceKind = 'disk',
): Promise<Outcome> {
  const cluster = await startCluster({ workers, place });
  try {
    const { id } = await submitChaosJob(cluster, job);
    await untilEnded(cluster, id);
    return await outcomeOf(cluster.place, cluster.output);
  } finally {
    await cluster.close();
  }
}

export async function runSeed(
  plan: readonly PlannedFault[],
  job: ChaosJob,
  expected: Outcome,
  workers: number,
  place: PlaceKind = 'disk',
): Promise<SeedReport> {
  const began = performance.now();
  const cluster = await startCluster({ workers, place });
  let wrong: string[];
  try {
    const { id } = await submitChaosJob(cluster, job);
    await disturb(cluster, plan, Math.ceil(job.rows / job.blockRows));
    await untilEnded(cluster, id);
    wrong = await verify(cluster, [{ id, folder: cluster.output }], job, expected);
  } catch (error) {
    wrong = [String(error), ...cluster.surprises];
  }
  const logs = wrong.length === 0 ? '' : cluster.logs();
  await cluster.close();
  return { wrong, logs, seconds: (performance.now() - began) / 1000 };
}

/** `blocks` is the number of blocks of the job that writes to `folder`. */
export async function disturb(
  cluster: Cluster,
  plan: readonly PlannedFault[],
  blocks: number,
  folder = cluster.output,
): Promise<void> {
  const healing: Promise<void>[] = [];
  for (const { at, fault } of plan) {
    await waitUntil(
      `block ${Math.floor(at * blocks)}`,
      async () => (await cluster.published(folder)) >= at * blocks,
      PATIENCE_MS,
    );
    healing.push((await inject(cluster, fault)).healed);
  }
  await Promise.all(healing);
}

export async function untilEnded(cluster: Cluster, id: string, key?: string): Promise<void> {
  let seen = 'nothing';
  const ended = async () => {
    const job = await cluster.job(id, key);
    if (job) seen = `${job.status} (${job.reason ?? 'no reason'}), ${job.blocks.done} blocks done`;
    return job !== null && ENDED.includes(job.status);
  };
  await waitUntil('the job to end', ended, PATIENCE_MS).catch(async (error: unknown) => {
    throw new Error(`the job has not ended: ${seen}, ${await cluster.published()} published`, {
      cause: error,
    });
  });
}
