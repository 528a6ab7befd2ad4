/** The models that this worker serves: folders on disk, made resident in lanes, each with its queue. */
import type { ModelFolderReader } from '../shared/models/model-folder-reader.ts';
import type { ModelFolder } from '../shared/models/model-folder.ts';
import type { Logger } from '../shared/observe/logger.ts';
import { autoBatchSize } from '../shared/domain/auto-batch.ts';
import { batchAdvice } from '../shared/domain/batch-invariance.ts';
import type { ModelContract } from '../shared/domain/model-contract.ts';
import type { JobOptions } from '../shared/domain/job.ts';
import { blockQueueName } from '../shared/queue/keys.ts';
import type { ModelSizing, ServedModel } from '../shared/queue/worker-registry.ts';
import type { BatchGroup } from './batcher.ts';
import type { ModelInfo, RowLimits } from './lane/messages.ts';
import type { LanePool, LoadOutcome } from './lanes/lane-pool.ts';
import type { Choice } from '../shared/domain/choice.ts';
import { chooseBatch, profiled, type LanePlan, type Resources } from './resources.ts';
import type { WorkerPlan } from './tuned-settings.ts';

interface Loaded {
  readonly folder: ModelFolder;
  readonly outcome: LoadOutcome;
  /** Null where it could not be loaded. */
  readonly sizing: ModelSizing | null;
}

export type ServedModels = Awaited<ReturnType<typeof loadModels>>;

/** Loads every folder into its lanes; one that cannot be loaded is reported, the others are served. */
export async function loadModels(deps: {
  folders: readonly ModelFolder[];
  reader: ModelFolderReader;
  pool: LanePool;
  plan: LanePlan;
  resources: Resources;
  tunedOf: WorkerPlan['tunedOf'];
  limits: RowLimits;
  batchTimeoutS: number;
  cacheDir: string;
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
        cache: { dir: deps.cacheDir, hash: ref.hash },
        probe: { batchSize: autoBatchSize(contract) },
      },
    });
    const sizing = outcome.ok ? sizingOf(folder, outcome.info) : null;
    loaded.set(queue, { folder, outcome, sizing });
    if (outcome.ok) {
      log.info(
        {
          model: ref.name,
          hash: ref.hash.slice(0, 12),
          lanes,
          batch_size: sizing?.batch.value,
          ...(tuned && { tuned_at: tuned.measuredAt }),
          load_ms: Math.round(outcome.info.loadMs),
        },
        'model resident',
      );
      const { batchInvariance } = outcome.info;
      const advice = batchInvariance && batchAdvice(ref.name, batchInvariance);
      // The command line warns of it, before a job.
      if (advice) log.info({ model: ref.name, ...batchInvariance }, advice);
      const { mode, jpeg } = outcome.info.decoder;
      if (mode === 'fast' && jpeg !== 'turbo-native') {
        log.warn(
          { model: ref.name, jpeg },
          jpeg === 'sharp'
            ? 'decode is "fast", but with icc "convert" or auto_orient JPEGs are decoded by sharp'
            : 'decode is "fast", but @julusian/jpeg-turbo is not installed: JPEGs are decoded as with "exact"',
        );
      }
    } else {
      log.error({ model: ref.name, code: outcome.error.code }, outcome.error.message);
    }
  }

  function sizingOf(folder: ModelFolder, info: ModelInfo): ModelSizing {
    const { contract, bytes } = folder;
    const named = (value: number) => ({ value, boundBy: 'contract', why: 'named in model.json' }) as const;
    const { choices } = plan;
    const tuned = deps.tunedOf(folder);
    const shaped = (value: number | undefined, otherwise: Choice): Choice =>
      value === undefined || value === otherwise.value ? otherwise : profiled(value);
    return {
      fileBytes: bytes,
      lanes:
        contract.lanes !== 'auto' && contract.lanes < pool.size
          ? named(contract.lanes)
          : shaped(tuned?.shape?.lanes, choices.lanes),
      threads:
        contract.threads_per_lane === 'auto'
          ? shaped(tuned?.shape?.threads, choices.threads)
          : named(contract.threads_per_lane),
      batch: chooseBatch({
        contract,
        fixedBatch: info.fixedBatch,
        profile: tuned?.batchSize,
        resources: deps.resources,
        lanes: plan.lanes,
        modelBytes: bytes,
        memory: rowMemoryOf(contract, info),
      }),
    };
  }

  return {
    queues: [...loaded].filter(([, m]) => m.outcome.ok).map(([queue]) => queue),
    groupOf(queue: string, options: Pick<JobOptions, 'batch_size' | 'decode' | 'top_k'>): BatchGroup | null {
      const model = loaded.get(queue);
      if (!model?.sizing) return null;
      return {
        model: queue,
        topK: options.top_k,
        // Settled, so that jobs that name the contract's own way share batches with those that do not.
        decode: options.decode ?? model.folder.contract.preprocess.decode,
        batchSize: options.batch_size ?? model.sizing.batch.value,
        maxWaitMs: model.folder.contract.batching.max_wait_ms,
      };
    },
    /** For the heartbeat. */
    describe(): ServedModel[] {
      return [...loaded].map(([queue, { folder, outcome, sizing }]) => ({
        ref: folder.ref,
        lanes: pool.lanesOf(queue),
        batchSize: sizing?.batch.value ?? 0,
        tunedAt: deps.tunedOf(folder)?.measuredAt ?? null,
        problem: outcome.ok ? null : { code: outcome.error.code, message: outcome.error.message },
        graph: outcome.ok
          ? { input: outcome.info.input, output: outcome.info.output, fixed_batch: outcome.info.fixedBatch }
          : null,
        batchInvariance: outcome.ok ? outcome.info.batchInvariance : null,
        memory: outcome.ok ? memoryOf(outcome.info) : null,
        ...(sizing && { sizing }),
      }));
    },
  };
}

/** By the batch that was probed. */
function rowMemoryOf(contract: ModelContract, { memory, fixedBatch }: ModelInfo) {
  if (memory === null) return null;
  const rows = fixedBatch ?? autoBatchSize(contract);
  return { modelBytes: memory.weightsBytes, rowBytes: memory.activationBytes / rows };
}

function memoryOf({ memory }: ModelInfo): ServedModel['memory'] {
  return memory && { modelBytes: memory.weightsBytes, batchBytes: memory.activationBytes };
}
