/**
 * Runs a feeder for each active job whose lease this process gets. Other API replicas feed all other jobs. Commits,
 * freed slots and new workers wake a feeder. A sweep finds what lost wake-ups would have announced.
 */
import { randomUUID } from 'node:crypto';
import type { IdJoinOptions } from '../../shared/delta/id-join.ts';
import { messageOf } from '../../shared/errors.ts';
import { createAlarm } from '../../shared/process/alarm.ts';
import { isNewerVersion } from '../../shared/queue/jobs/job-specs.ts';
import { LEASE_MS } from '../../shared/queue/jobs/lease.ts';
import { readProgress, type Wake } from '../../shared/queue/wake.ts';
import type { WorkerRegistry } from '../../shared/queue/workers/worker-registry.ts';
import type { InputResolver } from '../jobs/create/resolve-input.ts';
import { createFinaliser } from './manifest/finalise-job.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import { runFeeder, type RunFeederDeps, type RunningFeeder } from './run-feeder.ts';

/** Time between two searches for jobs without a feeder. A lost wake-up costs at most this. */
const SWEEP_MS = 1_000;
/** No submit takes longer than this to write the record of an admitted job. */
const SUBMIT_MS = 600_000;

export interface FeedersDeps extends Omit<RunFeederDeps, 'finalise'> {
  readonly wake: Wake;
  readonly workers: Pick<WorkerRegistry, 'batchInvariance' | 'serviceOf'>;
  readonly spool: Pick<InputResolver, 'discard' | 'spooledBytes'>;
  readonly submitMs?: number;
  readonly sort?: IdJoinOptions;
}

export function createFeeders(deps: FeedersDeps) {
  const { jobs, window, wake, emit, submitMs = SUBMIT_MS } = deps;
  const stopping = new AbortController();
  const running = new Map<string, RunningFeeder>();
  /** Jobs that only a feeder of a newer version can feed. This process does not take their lease again. */
  const leftToNewer = new Set<string>();
  /**
   * When each admitted job was first found without a record (ms, monotonic). The time in a job's id is not used,
   * because the clock of another machine may be wrong. A job whose submit is in progress must not be forgotten.
   */
  const unwritten = new Map<string, number>();
  const supervisor = createAlarm();
  const finalise = createFinaliser({
    jobs,
    window,
    workers: deps.workers,
    spool: deps.spool,
    outputs: deps.outputs,
    ...(deps.sort && { sort: deps.sort }),
  });

  async function adopt(id: string): Promise<void> {
    if (running.has(id) || leftToNewer.has(id)) return;
    const lease = randomUUID();
    if (!(await window.holdLease(id, lease, LEASE_MS))) return;
    const record = await jobs.get(id).catch(async (error: unknown) => {
      if (isNewerVersion(error)) {
        emit('job.left_to_newer', { job: id, message: error.message });
        leftToNewer.add(id);
      }
      await window.dropLease(id, lease);
      throw error;
    });
    if (!record) {
      await forgetIfDead(id);
      return window.dropLease(id, lease);
    }
    unwritten.delete(id);
    const feeder = runFeeder({ ...deps, finalise }, record.spec, lease, stopping.signal);
    running.set(id, feeder);
    void feeder.ended.then(() => running.delete(id));
  }

  /** Forgets an admitted job that has had no record for `submitMs`, because its submit must have died. */
  async function forgetIfDead(id: string): Promise<void> {
    const since = unwritten.get(id) ?? performance.now();
    unwritten.set(id, since);
    if (performance.now() - since < submitMs) return;
    unwritten.delete(id);
    await jobs.forget(id);
  }

  async function supervise(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const active = await jobs.activeIds();
        for (const id of unwritten.keys()) if (!active.includes(id)) unwritten.delete(id);
        for (const id of active) {
          await adopt(id).catch((error: unknown) => {
            // The Redis watch reports errors of Redis.
            if (leftToNewer.has(id) || redisTrouble(error) !== null) return;
            emit('feeder.start_failed', { job: id, error: messageOf(error) });
          });
        }
      } catch (error) {
        if (redisTrouble(error) === null) emit('feeder.search_failed', { error: messageOf(error) });
      }
      await supervisor.wait(SWEEP_MS, stopping.signal);
    }
  }

  function wakeAll(): void {
    for (const feeder of running.values()) feeder.wake();
  }

  const undo = [
    wake.on('job', (id) => {
      const feeder = running.get(id);
      if (feeder) feeder.wake();
      else supervisor.ring();
    }),
    wake.on('progress', (message) => {
      const { job, left, failed } = readProgress(message);
      const feeder = running.get(job);
      // Failed rows may end the job.
      if (feeder && (failed > 0 || feeder.isDue(left))) feeder.wake();
    }),
    wake.on('slots', (queue) => {
      for (const feeder of running.values()) if (feeder.queue === queue) feeder.wake();
    }),
    wake.on('turn', (id) => running.get(id)?.wake()),
    wake.on('workers', wakeAll),
  ];
  const supervising = supervise();

  return {
    /** Stops feeding. Jobs continue in another process, or here after the next start. */
    async close(): Promise<void> {
      for (const off of undo) off();
      stopping.abort();
      supervisor.ring();
      await Promise.all([supervising, ...[...running.values()].map(async ({ ended }) => ended)]);
    },
  };
}
