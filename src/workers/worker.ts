/** A worker's life: boot (models resident, queues open, heartbeat) > run > drain > stop. */
import { hostname } from 'node:os';
import type { Redis } from 'ioredis';
import { messageOf } from '../shared/errors.ts';
import { stopsIntake } from '../shared/domain/memory-level.ts';
import type { ModelFolderReader } from '../shared/models/model-folder-reader.ts';
import type { ModelFolder } from '../shared/models/model-folder.ts';
import type { Logger } from '../shared/observe/logger.ts';
import { createBlockTaker, type BlockTaker } from '../shared/queue/block-taker.ts';
import type { JobWindow } from '../shared/queue/job-window.ts';
import type { QueuePlaces } from '../shared/queue/queue-places.ts';
import type { SampleRequests } from '../shared/queue/sample-requests.ts';
import type { Wake } from '../shared/queue/wake.ts';
import {
  BEAT_MS,
  type WorkerInfo,
  type WorkerRegistry,
  type WorkerResources,
} from '../shared/queue/worker-registry.ts';
import { redisTrouble } from '../shared/redis/redis-trouble.ts';
import { createBatcher } from './batcher.ts';
import type { ByteBudget } from './byte-budget.ts';
import { createBlockSource, type BlockSource } from './block-source.ts';
import type { RowLimits } from './lane/messages.ts';
import type { LanePool } from './lanes/lane-pool.ts';
import { guardMemory } from './memory/memory-guard.ts';
import type { ReadMemoryUse } from './memory/memory-use.ts';
import type { BudgetedReader } from './read/budgeted-reader.ts';
import type { LanePlan } from './resources.ts';
import { createSampler, type Sampler } from './sample-rows.ts';
import { createBlockRunner, type BlockRun } from './run-block.ts';
import { watchLag } from './event-loop-lag.ts';
import { loadModels } from './served-models.ts';
import type { WorkerPlan } from './tuned-settings.ts';

export interface WorkerDeps {
  id: string;
  pool: string;
  redis: Redis;
  /** Hears of connections of the queues. */
  onQueueError: (error: Error) => void;
  window: JobWindow;
  places: QueuePlaces;
  registry: WorkerRegistry;
  wake: Wake;
  lanes: LanePool;
  plan: LanePlan;
  resources: WorkerResources;
  /** Null: this worker runs no samples for plans. */
  samples: SampleRequests | null;
  tunedOf: WorkerPlan['tunedOf'];
  folders: readonly ModelFolder[];
  models: ModelFolderReader;
  limits: RowLimits;
  batchTimeoutS: number;
  reader: BudgetedReader;
  budget: ByteBudget;
  /** Where what can be made again is kept. */
  cacheDir: string;
  memoryUse: ReadMemoryUse;
  /** Times its baseline that a lane may hold for good before it is started again. */
  laneGrowthFactor: number;
  shutdownGraceMs: number;
  log: Logger;
}

export interface RunningWorker {
  readonly info: () => WorkerInfo;
  /** Finishes the blocks in hand within the grace time, hands back the rest, leaves. */
  drain(): Promise<void>;
}

export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const { redis, registry, lanes, log } = deps;
  const startedAt = Date.now();
  const lag = watchLag();
  const models = await loadModels({ ...deps, reader: deps.models, pool: lanes });
  const takers: BlockTaker[] = await Promise.all(
    models.queues.map(async (queue) => createBlockTaker({ redis, queue, onError: deps.onQueueError })),
  );
  const runs = new Set<BlockRun>();
  let source: BlockSource | null = null;
  let sampler: Sampler | null = null;

  const batcher = createBatcher({
    pool: lanes,
    moreMayArrive: () => source?.taking === true || sampler?.taking === true,
    readingWaits: () => deps.budget.spent,
    onSent: () => {
      source?.ring();
      sampler?.ring();
    },
  });
  const runBlock = createBlockRunner({
    ...deps,
    batcher,
    groupOf: (queue, run) => models.groupOf(queue, run.spec.options),
  });
  source = createBlockSource({
    takers: () => takers,
    blocksWanted: (queue) => batcher.blocksWanted(queue),
    onIdle: () => batcher.pump(),
    log,
    async begin(block) {
      const run = runBlock(block);
      runs.add(run);
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
    growthFactor: deps.laneGrowthFactor,
    onLevel(level) {
      lanes.memory = level;
      deps.budget.hold(stopsIntake(level));
      source?.ring();
      if (announced) void beat(true);
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
  await registry.beat(info(), true);
  announced = true;
  const beat = (announce: boolean) =>
    registry.beat(info(), announce).catch((error: unknown) => {
      // Redis that is away or refuses writes has been told of.
      if (redisTrouble(error) === null) log.warn({ error: messageOf(error) }, 'no heartbeat');
    });
  const beating = setInterval(() => void beat(false), BEAT_MS);
  const mine = new Set(models.queues);
  const undo = deps.wake.on('queue', (queue) => {
    if (mine.has(queue)) source.ring();
  });

  return {
    info,
    async drain() {
      const grace = AbortSignal.timeout(deps.shutdownGraceMs);
      const late = new Promise<'late'>((resolve) => grace.addEventListener('abort', () => resolve('late')));
      undo();
      announced = false;
      clearInterval(beating);
      // Redis may be away: nothing here waits for it without an end.
      registry
        .leave(deps.id)
        .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'not signed off'));
      const finished = Promise.all([source.stop(), sampler?.stop()]).then(async () =>
        Promise.all([...runs].map(async (run) => run.ended)),
      );
      if ((await Promise.race([finished, late])) === 'late') {
        log.warn({ blocks: runs.size }, 'grace time over, handing blocks back');
        const handedBack = [...runs];
        await Promise.all(handedBack.map(async (run) => run.handBack()));
        lanes.killAll();
        // A block may have been on its way here.
        await source.stop();
        const taken = [...runs].filter((run) => !handedBack.includes(run));
        await Promise.all(taken.map(async (run) => run.handBack()));
      }
      guard.stop();
      await Promise.all(takers.map(async (taker) => taker.close()));
      await lanes.close();
    },
  };
}
