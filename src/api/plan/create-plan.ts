/**
 * Plans a job that is not submitted: settles it as a submit would, looks at the dataset, has live workers try
 * a sample, and leaves nothing behind. The API touches no row itself.
 */
import type { ModelCatalog } from '../models/model-catalog.ts';
import { randomBytes } from 'node:crypto';
import { listedLike } from '../../shared/datasets/files/listing-rule.ts';
import type { DatasetSource } from '../../shared/datasets/source.ts';
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { JobOptions } from '../../shared/domain/job.ts';
import type { ModelRef } from '../../shared/domain/model-config.ts';
import type { RowRef } from '../../shared/domain/row.ts';
import { blockQueueName } from '../../shared/queue/keys.ts';
import type { SampleAnswer, SampleRequests } from '../../shared/queue/sample-requests.ts';
import {
  isLoaded,
  type ServedModel,
  type WorkerInfo,
  type WorkerRegistry,
} from '../../shared/queue/worker-registry.ts';
import { checkOutput } from '../jobs/output/check-output.ts';
import type { OutputResolver } from '../jobs/output/resolve-output.ts';
import type { InputResolver } from '../jobs/create/resolve-input.ts';
import { settleOptions } from '../jobs/create/settle-options.ts';
import { checkResume } from '../jobs/output/continued-job.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import type { SubmitRequest } from '../http/wire/submit-request.ts';
import { lookAt, countKinds } from './choose-sample.ts';
import type { PlanWorker } from './plan-facts.ts';
import { planJob } from './plan-job.ts';

/** Measured for so long, after every lane has answered once. */
const SAMPLE_MS = 1_000;
/** The longest sample, and one that another plan asked for before. */
const WAIT_MS = 15_000;
/** Workers that run the sample at once; the others are counted by their lanes. */
const MAX_SAMPLED = 8;

export function createPlanJob(deps: {
  findModel: ModelCatalog['findModel'];
  input: InputResolver;
  output: OutputResolver;
  workers: Pick<WorkerRegistry, 'live'>;
  samples: SampleRequests;
  openDataset: (spec: { dataset: DatasetSpec; tenant: string }) => DatasetSource;
  queueLimit: number | undefined;
  /** Of one job; null: no limit. */
  maxRows: number | null;
}) {
  const { input, output } = deps;

  /** Rejects as a submit does for the same request. */
  return async function plan(request: SubmitRequest, tenant: string): Promise<PlanWire> {
    const id = `plan-${randomBytes(8).toString('hex')}`;
    const found = await deps.findModel(request.model);
    const { ref, config } = found;
    const folder = await output.resolve(request.output, id, tenant);
    try {
      const { spec } = await input.resolve(request.input, id, tenant);
      const earlier = await checkOutput(folder, request.options.if_output_exists);
      const dataset = earlier === null ? spec : listedLike(spec, earlier.dataset);
      const options = settleOptions(request, found, earlier);
      if (earlier) checkResume(earlier, found, options);
      const look = await lookAt(deps.openDataset({ dataset, tenant }), options.limit);
      const served = await servedBy(ref);
      const healthy = served.filter(({ model }) => isLoaded(model) && model.lanes > 0);
      return planJob({
        model: ref,
        config,
        dataset,
        asked: request.options,
        options,
        resumes: earlier !== null,
        workers: await trySample(healthy, { ref, dataset, tenant, options, rows: look.sample }),
        modelProblem: healthy.length > 0 ? null : (served[0]?.model.problem?.message ?? null),
        configuredQueueLimit: deps.queueLimit,
        maxRows: deps.maxRows,
        rows: look.rows,
        rowKinds: countKinds(dataset, look.sample),
      });
    } finally {
      await input.discard(id, tenant);
    }
  };

  async function servedBy(ref: ModelRef): Promise<{ info: WorkerInfo; model: ServedModel }[]> {
    const queue = blockQueueName(ref);
    return (await deps.workers.live()).flatMap((info) =>
      info.models.flatMap((model) => (blockQueueName(model.ref) === queue ? [{ info, model }] : [])),
    );
  }

  /** All at once: workers of one machine share its cores in a job, too. */
  async function trySample(
    workers: readonly { info: WorkerInfo; model: ServedModel }[],
    sample: {
      ref: ModelRef;
      dataset: DatasetSpec;
      tenant: string;
      options: JobOptions;
      rows: readonly RowRef[];
    },
  ): Promise<PlanWorker[]> {
    const { dataset, tenant, rows } = sample;
    const { batch_size, block_rows, decode, top_k } = sample.options;
    const request = {
      queue: blockQueueName(sample.ref),
      dataset,
      tenant,
      rows,
      options: { batch_size, block_rows, decode, top_k },
      ms: SAMPLE_MS,
    };
    return Promise.all(
      workers.map(async ({ info, model }, i): Promise<PlanWorker> => {
        let answer: SampleAnswer;
        if (rows.length === 0) answer = { ok: false, why: 'the input holds no row' };
        else if (i >= MAX_SAMPLED) answer = { ok: false, why: `more than ${MAX_SAMPLED} workers` };
        else answer = await deps.samples.ask(info.id, request, WAIT_MS);
        return { info, served: model, answer };
      }),
    );
  }
}
