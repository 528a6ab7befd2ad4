/** Models that jobs can name. Operators can ask workers to load and unload them. */
import { z } from 'zod';
import { blockQueueName } from '../../../shared/queue/keys.ts';
import { MODEL_ORDERS, type ModelOrders } from '../../../shared/queue/workers/model-orders.ts';
import type { Emit } from '../../../shared/observe/events.ts';
import type { ModelCatalog } from '../../models/model-catalog.ts';
import { MODEL, MODEL_LIST } from '../wire/model.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';

export interface ModelsDeps {
  readonly models: Pick<ModelCatalog, 'list' | 'get' | 'findModel'>;
  readonly modelOrders: Pick<ModelOrders, 'give'>;
  readonly emit: Emit;
}

export const MODEL_PARAMS = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(256)
    .meta({ examples: ['digits-small'] }),
});

const ABOUT = {
  load: {
    summary: 'Load a model',
    description:
      'Asks all live workers that have the model to load it now. A model that could not be loaded is tried again. The response does not wait for the workers. `status` shows the result.',
  },
  unload: {
    summary: 'Unload a model',
    description:
      'Asks all live workers that have the model to unload it. Workers that start later do not load it at startup. Running jobs of the model end first. A job that is submitted later loads it again. `status` shows the result.',
  },
} as const;

export function mountModels(target: MountTarget, deps: ModelsDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/v1/models',
      operationId: 'listModels',
      tag: 'Models',
      access: 'jobs:read',
      summary: 'List models',
      description:
        'Models from the model folders, and models that live workers announce. Each version is a model of its own. A model appears twice while workers still serve other content than its folder holds.',
      success: [{ status: 200, description: 'All models.', content: { 'application/json': MODEL_LIST } }],
      problems: [],
    },
    async ({ c }) => c.json({ object: 'list', data: await deps.models.list() }),
  );
  mount(
    target,
    {
      method: 'get',
      path: '/v1/models/{name}',
      operationId: 'getModel',
      tag: 'Models',
      access: 'jobs:read',
      summary: 'Get a model',
      description:
        'With a version in the name (`digits-small@2`), that version. Otherwise the version that a job submitted now would use.',
      params: MODEL_PARAMS,
      success: [{ status: 200, description: 'The model.', content: { 'application/json': MODEL } }],
      problems: ['model_not_found', 'invalid_model_config'],
    },
    async ({ c, params }) => c.json(await deps.models.get(params.name)),
  );
  for (const order of MODEL_ORDERS) {
    mount(
      target,
      {
        method: 'post',
        path: `/v1/models/{name}/${order}`,
        operationId: `${order}Model`,
        tag: 'Models',
        access: 'models:write',
        ...ABOUT[order],
        params: MODEL_PARAMS,
        success: [{ status: 202, description: 'Workers are asked.', content: { 'application/json': MODEL } }],
        problems: ['model_not_found', 'invalid_model_config'],
      },
      async ({ c, params, caller }) => {
        const { ref } = await deps.models.findModel(params.name);
        await deps.modelOrders.give(blockQueueName(ref), order);
        deps.emit('model.order_given', { model: params.name, order, by: caller.key });
        return c.json(await deps.models.get(params.name), 202);
      },
    );
  }
}
