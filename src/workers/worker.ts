/** A worker's life: boot (heartbeat; models come as they are loaded, each with its queue) > run > drain > stop. */
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { messageOf } from '../shared/errors.ts';
import { stopsIntake } from '../shared/domain/memory-level.ts';
import type { Emit } from '../shared/observe/events.ts';
import type { Logger } from '../shared/observe/logger.ts';
import type { JobWindow } from '../shared/queue/job-window.ts';
import type { QueueSlots } from '../shared/queue/queue-slots.ts';
import type { SampleRequests } from '../shared/queue/sample-requests.ts';
import type { Wake } from '../shared/queue/wake.ts';
import {
  BEAT_MS,
  type WorkerInfo,
  type WorkerRegistry,
  type WorkerResources,
} from '../shared/queue/worker-registry.ts';
import { redisTrouble } from '../shared/redis/redis-trouble.ts';
import { createBatcher } from './intake/batcher.ts';
import type { ByteBudget } from './intake/byte-budget.ts';
import type { Health } from './health/health.ts';
import { createBlockSource, type BlockSource } from './intake/block-source.ts';
import type { RowLimits } from './lane/messages.ts';
import type { Lane } from './lane-pool/lane-handle.ts';
import type { LanePool } from './lane-pool/lane-pool.ts';
import { guardMemory } from './memory/memory-guard.ts';
import type { ReadMemoryUse } from './memory/memory-use.ts';
import type { FoundModels, ModelsWanted } from './models/find-models.ts';
import { createModelTrials } from './models/model-trials.ts';
import { createServedModels } from './models/served-models.ts';
import { watchModels } from './models/watch-models.ts';
import { whyNothing } from './models/why-nothing.ts';
import { createQueueTakers } from './intake/queue-takers.ts';
import type { BudgetedReader } from './intake/read/budgeted-reader.ts';
import type { LanePlan } from './settings/resources.ts';
import { createSampler, type Sampler } from './samples/sample-rows.ts';
import { createBlockRunner, type BlockRun } from './run-block.ts';
import { watchLag } from './health/event-loop-lag.ts';
import type { WorkerPlan } from './settings/tuned-settings.ts';

export interface WorkerDeps {
  id: string;
  pool: string;
  redis: Redis;
  /** Hears of connections of the queues. */
  onQueueError: (error: Error) => void;
  window: JobWindow;
  slots: QueueSlots;
  registry: WorkerRegistry;
  wake: Wake;
  lanes: LanePool;
  /** For trying models. */
  startLane: (index: number) => Lane;
  plan: LanePlan;
  resources: WorkerResources;
  /** Null: this worker runs no samples for plans. */
  samples: SampleRequests | null;
  tunedOf: WorkerPlan['tunedOf'];
  /** Which models, and those that were there at the start. */
  wanted: ModelsWanted;
  found: FoundModels;
  /** Reads what was measured of models that have come since. */
  learn: (found: FoundModels) => Promise<void>;
  limits: RowLimits;
  batchTimeoutS: number;
  reader: BudgetedReader;
  budget: ByteBudget;
  /** Where what can be made again is kept. */
  cacheDir: string;
  memoryUse: ReadMemoryUse;
  shutdownGraceMs: number;
  log: Logger;
  emit: Emit;
}

export interface RunningWorker {
  readonly info: () => WorkerInfo;
  /** For its health check. */
  readonly health: () => Health;
  /** Settles when each model that was there at the start is served, has failed, or is so slow that others need not wait. */
  readonly settled: Promise<void>;
  /** Finishes the blocks in hand within the grace time, hands back the rest, leaves. */
  drain(): Promise<void>;
}

/** Where some models are served, the others have had their time to be loaded, too. */
const PATIENCE_MS = 10_000;

export function startWorker(deps: WorkerDeps): RunningWorker {
  const { redis, registry, lanes, log } = deps;
  const startedAt = Date.now();
  const lag = watchLag();
  const runs = new Map<BlockRun, string>();
  let source: BlockSource | null = null;
  let sampler: Sampler | null = null;
  const takers = createQueueTakers({
    redis,
    onOpened: () => source?.ring(),
    onError: deps.onQueueError,
  });

  const batcher = createBatcher({
    pool: lanes,
    moreMayArrive: () => source?.taking === true || sampler?.taking === true,
    readingWaits: () => deps.budget.spent,
    onSent: () => {
      source?.ring();
      sampler?.ring();
    },
  });
  const models = createServedModels({
    ...deps,
    pool: lanes,
    trials: createModelTrials({ startLane: () => deps.startLane(lanes.size), atOnce: lanes.size + 1 }),
    onServed(queue) {
      batcher.join(queue);
      takers.open(queue);
    },
    onGone(queue) {
      takers.close(queue);
      for (const [run, of] of runs) if (of === queue) void run.handBack();
      batcher.leave(queue);
    },
    onChange() {
      tellNothing();
      void beat(true);
    },
  });
  let toldNothing: string | null = null;
  function tellNothing(): void {
    const why = whyNothing(models.describe(), deps.wanted);
    if (why !== null && why !== toldNothing) log.error({}, why);
    toldNothing = why;
  }
  const runBlock = createBlockRunner({
    ...deps,
    batcher,
    groupOf: (queue, run) => models.groupOf(queue, run.spec.options),
  });
  source = createBlockSource({
    takers: takers.all,
    blocksWanted: (queue) => batcher.blocksWanted(queue),
    onIdle: () => batcher.pump(),
    log,
    async begin(block) {
      const run = runBlock(block);
      runs.set(run, block.queue);
      void run.ended.then(() => {
        runs.delete(run);
        source?.ring();
      });
      await run.announced;
    },
  });
  if (deps.samples !== null) {
    sampler = createSampler({
      ...deps,
      requests: deps.samples,
      batcher,
      groupOf: (queue, options) => models.groupOf(queue, options),
      lanesOf: (queue) => lanes.lanesOf(queue),
      blocksInHand: () => runs.size,
    });
  }

  let announced = false;
  const guard = guardMemory({
    lanes,
    use: deps.memoryUse,
    onLevel(level) {
      lanes.memory = level;
      deps.budget.hold(stopsIntake(level));
      source?.ring();
      void beat(true);
    },
    log,
  });

  const memory = (): WorkerInfo['memory'] => {
    const use = deps.memoryUse([process.pid, ...lanes.views().map(({ pid }) => pid)]);
    return {
      rssBytes: use?.bytes ?? null,
      limitBytes: use?.limitBytes ?? deps.resources.memoryBytes,
      level: guard.level,
    };
  };
  const info = (): WorkerInfo => ({
    id: deps.id,
    host: hostname(),
    pid: process.pid,
    pool: deps.pool,
    startedAt,
    lagP99Ms: lag.p99(),
    memory: memory(),
    inflight: {
      usedBytes: deps.budget.used,
      limitBytes: deps.budget.limit,
      blockedMs: Math.round(deps.budget.blockedMs),
    },
    models: models.describe(),
    resources: deps.resources,
    plan: deps.plan.choices,
  });
  async function beat(announce: boolean): Promise<void> {
    if (!announced) return;
    await registry.beat(info(), announce).catch((error: unknown) => {
      // Redis that is away or refuses writes has been told of.
      if (redisTrouble(error) === null) log.warn({ error: messageOf(error) }, 'no heartbeat');
    });
  }
  announced = true;
  models.sync(deps.found);
  void beat(true);
  const watch = watchModels({
    wanted: deps.wanted,
    known: deps.found.looks,
    async onChange(found) {
      await deps.learn(found);
      models.sync(found);
    },
    onLook: () => models.retire(new Set(runs.values())),
    log,
  });
  const beating = setInterval(() => void beat(false), BEAT_MS);
  const undo = deps.wake.on('queue', (queue) => {
    if (takers.has(queue)) source.ring();
  });

  return {
    info,
    health: () => {
      const all = models.describe();
      return { models: all, servesNothing: whyNothing(all, deps.wanted) };
    },
    settled: Promise.race([
      models.settled(),
      delay(PATIENCE_MS, undefined, { ref: false }).then(async () => {
        if (!models.servesAny) await models.settled();
      }),
    ])
      // Whoever hears that it is ready finds its models announced.
      .then(async () => beat(true)),
    async drain() {
      const grace = AbortSignal.timeout(deps.shutdownGraceMs);
      const late = new Promise<'late'>((resolve) => grace.addEventListener('abort', () => resolve('late')));
      undo();
      watch.stop();
      models.stop();
      announced = false;
      clearInterval(beating);
      // Redis may be away: nothing here waits for it without an end.
      registry
        .leave(deps.id)
        .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'not signed off'));
      const finished = Promise.all([source.stop(), sampler?.stop()]).then(async () =>
        Promise.all([...runs.keys()].map(async (run) => run.ended)),
      );
      if ((await Promise.race([finished, late])) === 'late') {
        log.warn({ blocks: runs.size }, 'grace time over, handing blocks back');
        const handedBack = [...runs.keys()];
        await Promise.all(handedBack.map(async (run) => run.handBack()));
        lanes.killAll();
        // A block may have been on its way here.
        await source.stop();
        const taken = [...runs.keys()].filter((run) => !handedBack.includes(run));
        await Promise.all(taken.map(async (run) => run.handBack()));
      }
      guard.stop();
      await takers.closeAll();
      await lanes.close();
    },
  };
}
