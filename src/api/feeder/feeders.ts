/**
 * Keeps one feeder a job alive in this process for the jobs whose lease it gets; other API replicas take
 * the rest. Woken by commits, freed slots and new workers, and by a sweep.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobSpec } from '../../shared/domain/job.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import type { DatasetSource } from '../../shared/datasets/source.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { BlockQueues } from '../../shared/queue/block-queue.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import type { JobWindow } from '../../shared/queue/job-window.ts';
import { LEASE_MS, LeaseLost } from '../../shared/queue/lease.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { QueueSlots } from '../../shared/queue/queue-slots.ts';
import { readProgress, type Wake } from '../../shared/queue/wake.ts';
import type { ModelService, WorkerRegistry } from '../../shared/queue/worker-registry.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import { createJobFeeder, type JobFeeder } from './feed-job.ts';
import { createFinaliser } from './finalise-job.ts';
import { createJobBlocks } from './job-blocks.ts';
import { logJobEnd } from './log-job-end.ts';
import { createAlarm, type Alarm } from '../../shared/process/alarm.ts';
import type { InputResolver } from '../jobs/create/resolve-input.ts';

/** Lost wake-ups cost at most this. */
const SWEEP_MS = 1_000;
/** Between beginnings of a feeder's turns: commits of this time are answered by one. A window lasts ten times as long. */
const TURN_MS = 10;
/** No submit takes longer from admission to record. */
const SUBMIT_MS = 600_000;
const LEASE_RENEW_MS = 3_000;
/** Who serves a model changes by heartbeats: no need to ask more often. */
const SERVICE_FRESH_MS = 500;

export interface FeedersDeps {
  jobs: JobStore;
  window: JobWindow;
  queues: BlockQueues;
  slots: QueueSlots;
  workers: WorkerRegistry;
  wake: Wake;
  openDataset: (spec: JobSpec) => DatasetSource;
  spool: Pick<InputResolver, 'discard' | 'spooledBytes'>;
  queueLimit: number | undefined;
  /** Of one job; null: no limit. */
  maxRows: number | null;
  log: Logger;
  submitMs?: number;
}

interface Running {
  readonly alarm: Alarm;
  readonly queue: string;
  readonly feeder: Pick<JobFeeder, 'isDue'>;
  readonly ended: Promise<void>;
}

export function createFeeders(deps: FeedersDeps) {
  const { jobs, window, wake, log, submitMs = SUBMIT_MS } = deps;
  const stopping = new AbortController();
  const running = new Map<string, Running>();
  /** Jobs that only a feeder of a newer version can feed: not to be held from it. */
  const leftToNewer = new Set<string>();
  /**
   * When each admitted job was first found without a record, by this process's monotonic clock: the time in its id is
   * another machine's, and a wrong one must not cost a job whose submit is under way.
   */
  const unwritten = new Map<string, number>();
  const supervisor = createAlarm();
  const finalise = createFinaliser({ jobs, window, workers: deps.workers, spool: deps.spool });

  function start(spec: JobSpec, lease: string): Running {
    const { id } = spec;
    const queue = blockQueueName(spec.model);
    const alarm = createAlarm();
    const own = new AbortController();
    const signal = AbortSignal.any([stopping.signal, own.signal]);
    const source = deps.openDataset(spec);
    let service: { known: ModelService; at: number } | null = null;
    const renewal = setInterval(() => {
      window.holdLease(id, lease, LEASE_MS).then(
        (held) => held || own.abort(),
        (error: unknown) => log.warn({ job: id, error: messageOf(error) }, 'lease not renewed'),
      );
    }, LEASE_RENEW_MS);
    const counting = countRows(spec, source, signal);
    const blocks = createJobBlocks({ spec, queue, lease, window, queues: deps.queues, slots: deps.slots });
    const feeder = createJobFeeder({
      spec,
      lease,
      source,
      jobs,
      window,
      blocks,
      log,
      signal,
      configuredQueueLimit: deps.queueLimit,
      maxRows: deps.maxRows,
      finalise: (record) => finalise(record, lease),
      service: async () => {
        if (service === null || performance.now() - service.at > SERVICE_FRESH_MS) {
          service = { known: await deps.workers.serviceOf(spec.model), at: performance.now() };
        }
        return service.known;
      },
    });
    const undo = wake.on('workers', () => {
      service = null;
    });

    async function feed(): Promise<void> {
      try {
        while (!signal.aborted) {
          const began = performance.now();
          const ended = await feeder.step().catch((error: unknown) => {
            if (error instanceof LeaseLost) return true;
            // Redis that is away or refuses writes has been told of.
            if (redisTrouble(error) === null)
              log.error({ job: id, error: messageOf(error) }, 'feeding failed, trying again');
            return false;
          });
          if (ended) {
            logJobEnd(log, await jobs.get(id).catch(() => null));
            break;
          }
          await alarm.wait(SWEEP_MS, signal);
          const early = TURN_MS - (performance.now() - began);
          if (early > 0) await delay(early);
        }
      } finally {
        undo();
        own.abort();
        clearInterval(renewal);
        await Promise.all([counting, feeder.close()]);
        await window.dropLease(id, lease).catch(() => undefined);
      }
    }

    const ended = feed()
      .catch((error: unknown) => log.error({ job: id, error: messageOf(error) }, 'feeder ended'))
      .finally(() => running.delete(id));
    return { alarm, queue, feeder, ended };
  }

  /** The counting pass: `total` and the ETA are known long before the last row is read. */
  async function countRows(spec: JobSpec, source: DatasetSource, signal: AbortSignal): Promise<void> {
    try {
      const record = await jobs.get(spec.id);
      if (!record || record.total !== null) return;
      const total = await source.count(spec.options.limit ?? Infinity, signal);
      if (!signal.aborted) await jobs.setTotal(spec.id, total);
    } catch (error) {
      // Feeding meets the same trouble and reports it.
      if (!signal.aborted) log.warn({ job: spec.id, error: messageOf(error) }, 'rows not counted');
    }
  }

  async function adopt(id: string): Promise<void> {
    if (running.has(id) || leftToNewer.has(id)) return;
    const lease = randomUUID();
    if (!(await window.holdLease(id, lease, LEASE_MS))) return;
    const record = await jobs.get(id).catch(async (error: unknown) => {
      if (error instanceof ForebayError && error.code === 'newer_version') {
        log.warn({ job: id }, error.message);
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
    running.set(id, start(record.spec, lease));
  }

  /** Admitted and not yet written down, or its submit died in between. */
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
            if (!leftToNewer.has(id)) log.error({ job: id, error: messageOf(error) }, 'job not taken on');
          });
        }
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'jobs not looked through');
      }
      await supervisor.wait(SWEEP_MS, stopping.signal);
    }
  }

  const undo = [
    wake.on('job', (id) => (running.get(id)?.alarm ?? supervisor).ring()),
    wake.on('progress', (message) => {
      const { job, left, failed } = readProgress(message);
      const feeding = running.get(job);
      // Failed rows may end the job.
      if (feeding && (failed > 0 || feeding.feeder.isDue(left))) feeding.alarm.ring();
    }),
    wake.on('slots', (queue) => {
      for (const job of running.values()) if (job.queue === queue) job.alarm.ring();
    }),
    wake.on('workers', () => {
      for (const job of running.values()) job.alarm.ring();
    }),
  ];
  const supervising = supervise();

  return {
    /** Stops feeding; jobs go on in another process, or here after the next start. */
    async close(): Promise<void> {
      for (const off of undo) off();
      stopping.abort();
      supervisor.ring();
      await Promise.all([supervising, ...[...running.values()].map((job) => job.ended)]);
    },
  };
}
