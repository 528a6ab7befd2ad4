/** Runs the feeder of one job in this process for as long as it holds the job's lease. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DatasetSource } from '../../shared/datasets/source.ts';
import type { JobRecord, JobSpec } from '../../shared/domain/job/job.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { createAlarm } from '../../shared/process/alarm.ts';
import type { BlockQueues } from '../../shared/queue/blocks/block-queue.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import type { JobWindow } from '../../shared/queue/blocks/job-window.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import { LEASE_MS, LeaseLost } from '../../shared/queue/jobs/lease.ts';
import type { QueueSlots } from '../../shared/queue/blocks/queue-slots.ts';
import type { Wake } from '../../shared/queue/wake.ts';
import type { ModelService, WorkerRegistry } from '../../shared/queue/workers/worker-registry.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import type { Outputs } from '../../shared/storage/output.ts';
import { createJobFeeder } from './feed-job.ts';
import { createJobBlocks } from './job-blocks.ts';
import { emitJobEnded } from './job-ended.ts';

/** Longest time between two rounds. A lost wake-up costs at most this. */
const SWEEP_MS = 1_000;
/** Minimum time between the starts of two rounds. One round handles all commits of this time. */
const TURN_MS = 10;
const LEASE_RENEW_MS = 3_000;
/** Only heartbeats change who serves a model, so there is no need to ask more often. */
const SERVICE_FRESH_MS = 500;

export interface RunningFeeder {
  readonly queue: string;
  /** Starts the next round immediately. */
  wake(): void;
  /** Whether a round is due after commits have left this many blocks in the window. */
  isDue(left: number): boolean;
  /** Settles when the job has ended, its lease is lost or `stopping` is aborted. Never rejects. */
  readonly ended: Promise<void>;
}

export interface RunFeederDeps {
  readonly jobs: JobStore;
  readonly window: JobWindow;
  readonly queues: BlockQueues;
  readonly slots: QueueSlots;
  readonly workers: Pick<WorkerRegistry, 'serviceOf'>;
  readonly wake: Pick<Wake, 'on'>;
  readonly openDataset: (spec: JobSpec) => DatasetSource;
  readonly outputs: Outputs;
  readonly queueLimit: number | undefined;
  /** Maximum number of rows of a job. Null: no limit. */
  readonly maxRows: number | null;
  readonly finalise: (record: JobRecord, lease: string) => Promise<void>;
  readonly emit: Emit;
}

/** `lease`: held by the caller. This function renews it, and drops it at the end. */
export function runFeeder(
  deps: RunFeederDeps,
  spec: JobSpec,
  lease: string,
  stopping: AbortSignal,
): RunningFeeder {
  const { jobs, window, emit } = deps;
  const { id } = spec;
  const queue = blockQueueName(spec.model);
  const alarm = createAlarm();
  const own = new AbortController();
  const signal = AbortSignal.any([stopping, own.signal]);
  const source = deps.openDataset(spec);
  let counting: Promise<void> | null = null;
  const renewal = setInterval(() => {
    window.holdLease(id, lease, LEASE_MS).then(
      (held) => held || own.abort(),
      (error: unknown) => {
        // The Redis watch reports errors of Redis.
        if (redisTrouble(error) === null)
          emit('feeder.lease_not_renewed', { job: id, error: messageOf(error) });
      },
    );
  }, LEASE_RENEW_MS);
  const service = freshFor(SERVICE_FRESH_MS, async () => deps.workers.serviceOf(spec.model));
  const undo = deps.wake.on('workers', () => service.forget());
  const feeder = createJobFeeder({
    spec,
    lease,
    source,
    output: deps.outputs.of(spec.output),
    jobs,
    window,
    blocks: createJobBlocks({ spec, queue, lease, window, queues: deps.queues, slots: deps.slots }),
    emit,
    signal,
    configuredQueueLimit: deps.queueLimit,
    maxRows: deps.maxRows,
    finalise: (record) => deps.finalise(record, lease),
    service: async () => service.get(),
  });

  async function round(): Promise<'continues' | 'ended' | 'lost'> {
    try {
      return (await feeder.step()) ? 'ended' : 'continues';
    } catch (error) {
      if (error instanceof LeaseLost) return 'lost';
      if (redisTrouble(error) === null) emit('feeder.failed', { job: id, error: messageOf(error) });
      return 'continues';
    }
  }

  async function rounds(): Promise<void> {
    while (!signal.aborted) {
      const began = performance.now();
      const outcome = await round();
      // By now, a short dataset has been read to its end. Then its rows are known, and nothing is listed again.
      counting ??= countRows();
      // The feeder that now has the lease reports the end of the job.
      if (outcome === 'lost') return;
      if (outcome === 'ended') return emitJobEnded(emit, await jobs.get(id).catch(() => null));
      await alarm.wait(SWEEP_MS, signal);
      const early = TURN_MS - (performance.now() - began);
      if (early > 0) await delay(early);
    }
  }

  /** Counts the dataset's rows, so that total and ETA are known long before the last row is read. */
  async function countRows(): Promise<void> {
    try {
      const record = await jobs.get(id);
      if (!record || record.total !== null) return;
      const total = await source.count(spec.options.limit ?? Infinity, signal);
      if (!signal.aborted) await jobs.setTotal(id, total);
    } catch (error) {
      // Feeding meets the same problem and reports it.
      if (!signal.aborted) emit('job.count_failed', { job: id, error: messageOf(error) });
    }
  }

  async function run(): Promise<void> {
    try {
      await rounds();
    } finally {
      undo();
      own.abort();
      clearInterval(renewal);
      await Promise.all([counting, feeder.close()]);
      await window.dropLease(id, lease).catch(() => undefined);
    }
  }

  const ended = run().catch((error: unknown) => emit('feeder.crashed', { job: id, error: messageOf(error) }));
  return { queue, wake: () => alarm.ring(), isDue: (left) => feeder.isDue(left), ended };
}

/** Keeps the result for `ms`. */
function freshFor(ms: number, ask: () => Promise<ModelService>) {
  let kept: { readonly answer: ModelService; readonly at: number } | null = null;
  return {
    async get(): Promise<ModelService> {
      if (kept === null || performance.now() - kept.at > ms) {
        kept = { answer: await ask(), at: performance.now() };
      }
      return kept.answer;
    },
    forget(): void {
      kept = null;
    },
  };
}
