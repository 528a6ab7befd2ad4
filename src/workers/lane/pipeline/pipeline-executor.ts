/** A pipeline resident in a lane: its models, loaded beside each other. */
import { performance } from 'node:perf_hooks';
import { gravest } from '../../../shared/domain/model/batch-invariance.ts';
import { ForebayError, InvariantError, messageOf } from '../../../shared/errors.ts';
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import { autoBatchSize } from '../../../shared/tasks/auto-batch.ts';
import { rowKindOf } from '../../../shared/tasks/task-descriptions.ts';
import { effectiveOptions } from '../../../shared/tasks/option-values.ts';
import { countClasses, differentClasses } from '../../../shared/tasks/pipeline/class-counts.ts';
import {
  holdsCode,
  isPipeline,
  type PipelineConfig,
} from '../../../shared/tasks/pipeline/pipeline-config.ts';
import type { Executor } from '../executor.ts';
import { createSharedImages } from '../image/shared-images.ts';
import type { ModelInfo, ModelLoad, ModelMemory } from '../messages.ts';
import type { ExecutorParts } from '../models/executor-parts.ts';
import { shareRowBytes } from '../rows/shared-row-bytes.ts';
import { openChain } from './chain.ts';
import { planChain } from './plan-chain.ts';
import { openCascade } from './cascade.ts';
import { openEnsemble } from './ensemble.ts';
import { classNumbers } from './class-numbers.ts';
import type { Member } from './member.ts';

/** `loadMember`: loads a model of any kind. Throws as that does. */
export async function loadPipelineExecutor(
  request: ModelLoad,
  parts: ExecutorParts,
  loadMember: (request: ModelLoad, parts: ExecutorParts) => Promise<Executor>,
): Promise<Executor> {
  const start = performance.now();
  const { config, members: loads = [] } = request;
  if (!isPipeline(config) || loads.length !== config.members.length) {
    throw new InvariantError(`the models of pipeline "${config.name}" did not come with it`);
  }
  const rowBytes = shareRowBytes(parts.services.rowBytes);
  const given = parts.services.sharedImages;
  const forAll = given ?? (config.ensemble === undefined ? undefined : createSharedImages());
  // Keeping the pixels of all rows for a later level or step costs more than decoding a few of them again (ADR 29).
  const sharedBy = (i: number) => (config.ensemble === undefined && i > 0 ? undefined : forAll);
  const services = { ...parts.services, rowBytes };
  // Only the tasks for images use decode threads.
  const inThreads =
    parts.services.decodeThreads !== undefined && rowKindOf(config) === 'image' && !holdsCode(config);
  const numbers = classNumbers(config, loads);
  const members: Member[] = [];
  const chain = config.chain === undefined ? null : planChain(config, parts.services);
  const release = async () => {
    for (const { executor } of members) await executor.release();
  };
  try {
    for (const [i, load] of loads.entries()) {
      const pictures = chain?.shelves.get(i);
      const shared = { ...services, sharedImages: sharedBy(i), pictures };
      const { model, config: own } = config.members[i]!;
      const executor = await loadMember(load, { ...parts, services: shared }).catch((error: unknown) => {
        throw failedMember(model, error);
      });
      members.push({
        name: model,
        executor,
        isCode: holdsCode(own),
        numbers: numbers[i]!,
        batchSize: batchSizeOf(own, executor.info),
        optionsFor: (given) => effectiveOptions(own, chain?.optionsOf(i, given) ?? given),
      });
    }
    checkClasses(config, members);
  } catch (error) {
    await release();
    throw error;
  }
  const { ensemble, cascade } = config;
  return {
    info: {
      ...infoOf(
        members.map(({ executor }) => executor.info),
        members,
      ),
      // The other pipelines have batches of their own for some models.
      splitsBatches: ensemble !== undefined && members.every(({ executor }) => executor.info.splitsBatches),
      loadMs: performance.now() - start,
    },
    open(rows, options) {
      if (chain !== null) return openChain(rows, options, { ...chain, members });
      if (cascade !== undefined)
        return openCascade(rows, options, { config: { ...config, cascade }, members });
      if (ensemble !== undefined)
        return openEnsemble(rows, options, { config: { ...config, ensemble }, members, rowBytes, inThreads });
      throw new InvariantError(`pipeline "${config.name}" combines nothing`);
    },
    changedFile: () =>
      members.map(({ executor }) => executor.changedFile()).find((file) => file !== null) ?? null,
    release,
  };
}

/** Says which model of the pipeline to fix. */
function failedMember(model: string, error: unknown): ForebayError {
  const code = error instanceof ForebayError ? error.code : 'model_load_failed';
  return new ForebayError(code, `model "${model}" of the pipeline: ${messageOf(error)}`, { cause: error });
}

/** Only the graphs say how many classes there are. Throws ForebayError `config_mismatch`. */
function checkClasses({ ensemble, members: configs }: PipelineConfig, members: readonly Member[]): void {
  const counts = members.map(({ name, executor }, i) => ({
    model: name,
    classes: countClasses(configs[i]!.config, executor.info.outputs),
  }));
  const differ = differentClasses(ensemble?.combine ?? null, counts);
  if (differ !== null) throw new ForebayError('config_mismatch', differ.message);
}

/** Whole batches of the graph, if it fixes them. */
function batchSizeOf(config: ModelConfig, { fixedBatch }: ModelInfo): number {
  const size = autoBatchSize(config);
  return fixedBatch === null ? size : Math.ceil(size / fixedBatch) * fixedBatch;
}

/** The inputs are those of the first model, which gets all rows. */
function infoOf(
  infos: readonly ModelInfo[],
  members: readonly Member[],
): Omit<ModelInfo, 'splitsBatches' | 'loadMs'> {
  const memories = infos.map(({ memory }) => memory);
  return {
    inputs: infos[0]!.inputs,
    outputs: infos[0]!.outputs,
    providers: [...new Set(infos.flatMap(({ providers }) => providers))],
    // Each model fills up its own batches.
    fixedBatch: null,
    notes: infos.flatMap(({ notes }, i) => notes.map((note) => `${members[i]!.name}: ${note}`)),
    batchInvariance: gravest(infos.map(({ batchInvariance }) => batchInvariance)),
    memory: memories.includes(null) ? null : (memories as ModelMemory[]).reduce(sumOf),
  };
}

function sumOf(a: ModelMemory, b: ModelMemory): ModelMemory {
  return {
    weightsBytes: a.weightsBytes + b.weightsBytes,
    activationBytes: a.activationBytes + b.activationBytes,
  };
}
