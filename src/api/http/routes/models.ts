/** Models that jobs can name. */
import { z } from 'zod';
import type { ModelCatalog } from '../../models/model-catalog.ts';
import { MODEL, MODEL_LIST } from '../wire/model.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';

export interface ModelsDeps {
  readonly models: Pick<ModelCatalog, 'list' | 'get'>;
}

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
        'The version that a job submitted now would use, or the one that is named: `digits-small@2`.',
      params: z.strictObject({
        name: z
          .string()
          .min(1)
          .max(256)
          .meta({ examples: ['digits-small'] }),
      }),
      success: [{ status: 200, description: 'The model.', content: { 'application/json': MODEL } }],
      problems: ['model_not_found', 'invalid_model_config'],
    },
    async ({ c, params }) => c.json(await deps.models.get(params.name)),
  );
}
