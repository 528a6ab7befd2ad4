/** The models that this worker serves: folders on disk, made resident in lanes, each with its queue. */
import type { ModelFolderReader } from '../shared/models/model-folder-reader.ts';
import type { ModelFolder } from '../shared/models/model-folder.ts';
import type { Logger } from '../shared/observe/logger.ts';
import { autoBatchSize } from '../shared/domain/auto-batch.ts';
import { blockQueueName } from '../shared/queue/keys.ts';
import type { ServedModel } from '../shared/queue/worker-registry.ts';
import type { BegunRun } from '../shared/queue/job-window.ts';
import type { BatchGroup } from './batcher.ts';
import type { ModelInfo, RowLimits } from './lane/messages.ts';
import type { LanePool, LoadOutcome } from './lanes/lane-pool.ts';
import type { LanePlan } from './resources.ts';
import type { WorkerPlan } from './tuned-settings.ts';

interface Loaded {
  readonly folder: ModelFolder;
  readonly outcome: LoadOutcome;
}

export type ServedModels = Awaited<ReturnType<typeof loadModels>>;

/** Loads every folder into its lanes; one that cannot be loaded is reported, the others are served. */
export async function loadModels(deps: {
  folders: readonly ModelFolder[];
  reader: ModelFolderReader;
  pool: LanePool;
  plan: LanePlan;
  tunedOf: WorkerPlan['tunedOf'];
  limits: RowLimits;
  batchTimeoutS: number;
  log: Logger;
}) {
  const { pool, plan, log } = deps;
  const loaded = new Map<string, Loaded>();
  for (const folder of deps.folders) {
    const { contract, ref } = folder;
    const queue = blockQueueName(ref);
    const tuned = deps.tunedOf(folder);
    const wanted = contract.lanes === 'auto' ? (tuned?.shape?.lanes ?? pool.size) : contract.lanes;
    const lanes = Math.min(pool.size, wanted);
    const threads = tuned?.shape?.threads ?? plan.threads;
    const outcome = await pool.load({
      lanes,
      timeoutMs: (contract.batching.timeout_s ?? deps.batchTimeoutS) * 1000,
      unchanged: async () => (await deps.reader.load(folder.dir)).ref.hash === ref.hash,
      load: {
        model: queue,
        dir: folder.dir,
        contract,
        labels: folder.labels,
        threads: contract.threads_per_lane === 'auto' ? threads : contract.threads_per_lane,
        limits: deps.limits,
      },
    });
    loaded.set(queue, { folder, outcome });
    if (outcome.ok) {
      log.info(
        {
          model: ref.name,
          hash: ref.hash.slice(0, 12),
          lanes,
          batch_size: batchSize(folder, outcome.info),
          ...(tuned && { tuned_at: tuned.measuredAt }),
          load_ms: Math.round(outcome.info.loadMs),
        },
        'model resident',
      );
    } else {
      log.error({ model: ref.name, code: outcome.error.code }, outcome.error.message);
    }
  }

  function batchSize(folder: ModelFolder, info: ModelInfo): number {
    const { contract } = folder;
    if (contract.batching.batch_size !== 'auto') return contract.batching.batch_size;
    return info.fixedBatch ?? deps.tunedOf(folder)?.batchSize ?? autoBatchSize(contract);
  }

  return {
    queues: [...loaded].filter(([, m]) => m.outcome.ok).map(([queue]) => queue),
    groupOf(queue: string, run: BegunRun): BatchGroup | null {
      const model = loaded.get(queue);
      if (!model?.outcome.ok) return null;
      const { options } = run.spec;
      return {
        model: queue,
        topK: options.top_k,
        batchSize: options.batch_size ?? batchSize(model.folder, model.outcome.info),
        maxWaitMs: model.folder.contract.batching.max_wait_ms,
      };
    },
    /** For the heartbeat. */
    describe(): ServedModel[] {
      return [...loaded].map(([queue, { folder, outcome }]) => ({
        ref: folder.ref,
        lanes: pool.lanesOf(queue),
        batchSize: outcome.ok ? batchSize(folder, outcome.info) : 0,
        tunedAt: deps.tunedOf(folder)?.measuredAt ?? null,
        problem: outcome.ok ? null : { code: outcome.error.code, message: outcome.error.message },
        graph: outcome.ok
          ? { input: outcome.info.input, output: outcome.info.output, fixed_batch: outcome.info.fixedBatch }
          : null,
      }));
    },
  };
}
