/**
 * Plans a job without submitting it. Settles the request as a submit would, looks at the dataset, has live workers run a
 * sample, and leaves nothing behind. The API itself opens no row.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { rowFieldsOf, rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import { randomBytes } from 'node:crypto';
import { withListingOf } from '../../shared/datasets/listing/listing-rule.ts';
import type { DatasetSpec } from '../../shared/domain/dataset-spec.ts';
import type { Delta } from '../../shared/domain/job/delta.ts';
import type { ModelRef } from '../../shared/domain/model/model-config.ts';
import type { SampleRequests } from '../../shared/queue/workers/sample-requests.ts';
import {
  isLoaded,
  type ServedModel,
  type WorkerRegistry,
} from '../../shared/queue/workers/worker-registry.ts';
import type { PlanWire } from '../http/wire/plan.ts';
import type { SubmitRequest } from '../http/wire/submit-request.ts';
import type { InputResolver } from '../jobs/create/resolve-input.ts';
import { createFormatSettler, type FormatDeps } from '../jobs/create/columns/format-settler.ts';
import { createDeltaSettler, type DeltaDeps } from '../jobs/create/delta/delta-settler.ts';
import { settleOptions } from '../jobs/create/settle-options.ts';
import { checkSubmitResume } from '../jobs/output/continued-job.ts';
import { checkOutput } from '../jobs/output/check-output.ts';
import type { OutputResolver } from '../jobs/output/resolve-output.ts';
import type { AskedModel, AskedModels } from '../models/asked-model.ts';
import type { PlanWorker } from './facts.ts';
import { firstSlices } from './first-slices.ts';
import { lookAtDelta } from './look-at-delta.ts';
import { countKinds, lookAt } from './look-at-rows.ts';
import { makePlan } from './make-plan.ts';
import { createSampler, workersThatServe } from './sample-workers.ts';

export interface PlanDeps extends FormatDeps {
  jobs: DeltaDeps['jobs'];
  models: Pick<AskedModels, 'of' | 'offer'>;
  input: Pick<InputResolver, 'discard' | 'resolve'>;
  output: Pick<OutputResolver, 'resolve'>;
  workers: Pick<WorkerRegistry, 'live'>;
  samples: Pick<SampleRequests, 'ask'>;
  queueLimit: number | undefined;
  /** Maximum number of rows of a job. Null: no limit. */
  maxRows: number | null;
}

/** How long a plan waits for a worker that can load a pipeline of its request. */
const INLINE_WAIT_MS = 10_000;
const INLINE_LOOK_MS = 200;

export function createPlanJob(deps: PlanDeps) {
  const { input, output } = deps;
  const settle = createFormatSettler(deps);
  const deltas = createDeltaSettler(deps);
  const trySample = createSampler(deps.samples);

  async function describeDelta(
    delta: Delta,
    dataset: DatasetSpec,
    tenant: string,
    limit: number | null,
  ): Promise<PlanWire['delta']> {
    const { taken, computed, whole } = await lookAtDelta(deps.openDataset({ dataset, tenant, delta }), limit);
    return {
      by: delta.by ?? 'stamp',
      previous: { job: delta.job, output: delta.output },
      taken_over: taken,
      computed: { new: computed.new, changed: computed.changed, failed_before: computed.failed },
      whole,
      recompute: delta.recompute ?? null,
    };
  }

  /** A worker loads an unloaded model for its sample, so its announcement is read again. */
  async function withLoaded(sampled: readonly PlanWorker[], ref: ModelRef): Promise<PlanWorker[]> {
    if (sampled.every(({ served }) => hasLanes(served))) return [...sampled];
    const now = workersThatServe(ref, await deps.workers.live());
    return sampled.flatMap((worker) => {
      const served = now.find(({ info }) => info.id === worker.info.id)?.model;
      return served !== undefined && hasLanes(served) ? [{ ...worker, served }] : [];
    });
  }

  /** Workers look for pipelines of requests about once per second. */
  async function workersOf({ ref, inline }: AskedModel): Promise<ReturnType<typeof workersThatServe>> {
    const until = performance.now() + (inline === undefined ? 0 : INLINE_WAIT_MS);
    for (;;) {
      const served = workersThatServe(ref, await deps.workers.live());
      const isSettled = served.some(({ model }) => model.problem !== null || canSample(model));
      if (isSettled || performance.now() >= until) return served;
      await delay(INLINE_LOOK_MS);
    }
  }

  /**
   * Rejects as a submit does if the model, the input, the output's content or the options do not fit. It does not check
   * limits and quotas, the webhook, or whether another job holds the output.
   */
  return async function plan(request: SubmitRequest, tenant: string): Promise<PlanWire> {
    const id = `plan-${randomBytes(8).toString('hex')}`;
    const found = await deps.models.of(request);
    const { ref, config } = found;
    const place = await output.resolve(request.output, id, tenant);
    try {
      const { spec } = await input.resolve(request.input, id, {
        tenant,
        taskInput: rowKindOf(found.config),
        fields: rowFieldsOf(found.config, found.graphInputs),
      });
      const earlier = await checkOutput(place, request.options.if_output_exists);
      const options = settleOptions(request, found, earlier);
      if (earlier) checkSubmitResume(earlier, found, options);
      const format = await settle(request, config, earlier, spec, tenant);
      const dataset = earlier === null ? format.dataset : withListingOf(format.dataset, earlier.dataset);
      const delta = await deltas.settle(request.delta, earlier, {
        id,
        tenant,
        model: found,
        options,
        dataset,
        place: place.place,
      });
      const source = deps.openDataset({ dataset, tenant });
      const look = await lookAt(source, options.limit);
      const slices = await firstSlices(source, options);
      await deps.models.offer(found);
      const served = await workersOf(found);
      const ready = served.filter(({ model }) => canSample(model));
      const sampled = await trySample(ready, { ref, dataset, tenant, options, rows: look.sample, slices });
      // Without rows, no sample ran, so no model was loaded.
      const workers = look.sample.length === 0 ? sampled : await withLoaded(sampled, ref);
      return makePlan({
        model: ref,
        config,
        dataset,
        asked: request.options,
        options,
        resumes: earlier !== null,
        delta: delta === undefined ? null : await describeDelta(delta.delta, dataset, tenant, options.limit),
        leftOut: format.leftOut,
        workers,
        modelProblem:
          workers.length > 0
            ? null
            : (served.find(({ model }) => model.problem)?.model.problem?.message ?? unloadedProblem(sampled)),
        configuredQueueLimit: deps.queueLimit,
        maxRows: deps.maxRows,
        rows: look.rows,
        rowKinds: countKinds(dataset, look.sample),
      });
    } finally {
      await input.discard(id, tenant);
    }
  };
}

/** A worker loads an unloaded model for its sample. */
function canSample(model: ServedModel): boolean {
  return model.isUnloaded === true || hasLanes(model);
}

function hasLanes(model: ServedModel): boolean {
  return isLoaded(model) && model.lanes > 0;
}

/** Why no worker has loaded the model yet. Null if no worker announces it as unloaded. */
function unloadedProblem(sampled: readonly PlanWorker[]): string | null {
  const waits = sampled.find(({ served }) => served.isUnloaded === true)?.served;
  return waits === undefined
    ? null
    : (waits.waitsBecause ?? 'loading takes longer than a plan can wait; plan again in a moment');
}
