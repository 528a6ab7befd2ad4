/** Has live workers run a plan's sample. */
import type { BlockSlice } from '../../shared/domain/block.ts';
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { JobOptions } from '../../shared/domain/job/job.ts';
import type { ModelRef } from '../../shared/domain/model/model-config.ts';
import type { RowRef } from '../../shared/domain/row.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { SampleAnswer, SampleRequests } from '../../shared/queue/workers/sample-requests.ts';
import {
  offeredModels,
  type ServedModel,
  type WorkerInfo,
} from '../../shared/queue/workers/worker-registry.ts';
import type { PlanWorker } from './facts.ts';

/** How long a worker measures, after every lane has answered once. */
const SAMPLE_MS = 1_000;
/** Time to wait for an answer. It covers the longest sample, even after the sample of another plan. */
const WAIT_MS = 15_000;
/** Maximum number of workers that run the sample. The rate of the others is estimated from their lanes. */
const MAX_SAMPLED = 8;

export interface ServingWorker {
  readonly info: WorkerInfo;
  readonly model: ServedModel;
}

/** Workers that announce a model, even if they could not load it. Workers that drain do not count. */
export function workersThatServe(ref: ModelRef, live: readonly WorkerInfo[]): ServingWorker[] {
  const queue = blockQueueName(ref);
  return live.flatMap((info) =>
    offeredModels(info).flatMap((model) => (blockQueueName(model.ref) === queue ? [{ info, model }] : [])),
  );
}

export interface PlanSample {
  readonly ref: ModelRef;
  readonly dataset: DatasetSpec;
  readonly tenant: string;
  readonly options: JobOptions;
  readonly rows: readonly RowRef[];
  readonly slices: readonly BlockSlice[];
}

export function createSampler({ ask }: Pick<SampleRequests, 'ask'>) {
  /** Workers run the sample at the same time, because workers on one machine also share its cores in a job. */
  return async function trySample(
    workers: readonly ServingWorker[],
    sample: PlanSample,
  ): Promise<PlanWorker[]> {
    const { dataset, tenant, rows, slices } = sample;
    const request = {
      queue: blockQueueName(sample.ref),
      dataset,
      tenant,
      rows,
      slices,
      options: sample.options,
      ms: SAMPLE_MS,
    };
    return Promise.all(
      workers.map(async ({ info, model }, i): Promise<PlanWorker> => {
        let answer: SampleAnswer;
        if (rows.length === 0) answer = { ok: false, why: 'the input holds no row' };
        else if (i >= MAX_SAMPLED) answer = { ok: false, why: `more than ${MAX_SAMPLED} workers` };
        else answer = await ask(info.id, request, WAIT_MS);
        return { info, served: model, answer };
      }),
    );
  };
}
