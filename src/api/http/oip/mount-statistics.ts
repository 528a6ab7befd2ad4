/** Statistics of models in the Open Inference Protocol, as Triton extends it. Heartbeats carry what workers count. */
import { z } from 'zod';
import { NO_USE, type ModelUse } from '../../../shared/domain/model/model-use.ts';
import type { CountedModel, ModelCatalog } from '../../models/model-catalog.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { OIP_ERRORS } from './oip-errors.ts';
import { MODEL_PATHS, modelNamed, OIP_TAG } from './oip-paths.ts';

export interface StatisticsDeps {
  readonly models: Pick<ModelCatalog, 'uses' | 'usesOf'>;
}

const DURATION = z
  .object({ count: z.int(), ns: z.int() })
  .meta({ id: 'OipDuration', description: 'How many rows, and the sum of their times in nanoseconds.' });

const STATISTICS = z
  .object({
    model_stats: z.array(
      z.object({
        name: z.string(),
        version: z.string().meta({ description: 'Empty if the model has no versions.' }),
        last_inference: z.int().meta({ description: 'Milliseconds since the epoch. 0: none yet.' }),
        inference_count: z.int().meta({ description: 'Rows.' }),
        execution_count: z.int().meta({ description: 'Calls of the model.' }),
        inference_stats: z.object({
          success: DURATION,
          fail: DURATION,
          queue: DURATION,
          compute_input: DURATION,
          compute_infer: DURATION,
          compute_output: DURATION,
        }),
      }),
    ),
  })
  .meta({
    id: 'OipStatistics',
    description: 'Rows of jobs and of online requests that live workers answered since they started.',
  });

export function mountStatistics(target: MountTarget, { models }: StatisticsDeps): void {
  const shared = {
    method: 'get',
    tag: OIP_TAG,
    access: 'jobs:read',
    errors: OIP_ERRORS,
    success: [{ status: 200, description: 'Counts and times.', content: { 'application/json': STATISTICS } }],
  } as const;
  mount(
    target,
    {
      ...shared,
      path: '/v2/models/stats',
      operationId: 'oipAllStatistics',
      summary: 'What workers have done, by model',
      problems: [],
    },
    async ({ c }) => c.json({ model_stats: (await models.uses()).map(toStatistics) }),
  );
  for (const { path, suffix, params } of MODEL_PATHS) {
    mount(
      target,
      {
        ...shared,
        path: `${path}/stats`,
        operationId: `oipStatistics${suffix}`,
        summary: 'What workers have done with a model',
        params,
        problems: ['model_not_found', 'invalid_model_config'],
      },
      async ({ c, params: named }) =>
        c.json({ model_stats: [toStatistics(await models.usesOf(modelNamed(named)))] }),
    );
  }
}

function toStatistics({ name, version, use }: CountedModel) {
  const { rows, failed, batches, lastAt, rowMs }: ModelUse = use ?? NO_USE;
  const of = (count: number, ms: number) => ({ count, ns: Math.round(ms * 1e6) });
  // A row that fails takes as long as the other rows of its batch.
  const share = rows === 0 ? 0 : failed / rows;
  return {
    name,
    version: version ?? '',
    last_inference: lastAt,
    inference_count: rows,
    execution_count: batches,
    inference_stats: {
      success: of(rows - failed, rowMs.total * (1 - share)),
      fail: of(failed, rowMs.total * share),
      queue: of(rows, rowMs.queue),
      compute_input: of(rows, rowMs.input),
      compute_infer: of(rows, rowMs.infer),
      compute_output: of(rows, rowMs.output),
    },
  };
}
