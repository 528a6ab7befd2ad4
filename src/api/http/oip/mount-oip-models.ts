/** Models in the Open Inference Protocol: what they take and return, and whether they are ready. */
import { z } from 'zod';
import { ForebayError } from '../../../shared/errors.ts';
import type { OnlineModels } from '../../online/online-models.ts';
import type { ModelCatalog } from '../../models/model-catalog.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { emitNothing, problemResponse } from '../middleware/error-handler.ts';
import { DATATYPES } from './datatypes.ts';
import { inputsOf, outputsOf, platformOf } from './model-metadata.ts';
import { OIP_ERRORS } from './oip-errors.ts';
import { MODEL_PATHS, modelNamed, OIP_TAG } from './oip-paths.ts';

export interface OipModelsDeps {
  readonly onlineModels: Pick<OnlineModels, 'find'>;
  readonly models: Pick<ModelCatalog, 'list'>;
}

const TENSOR = z
  .object({ name: z.string(), datatype: z.enum(DATATYPES), shape: z.array(z.int()) })
  .meta({ id: 'OipTensor', description: 'A dimension of -1 has any size. The first one counts rows.' });

const METADATA = z
  .object({
    name: z.string(),
    versions: z.array(z.string()),
    platform: z.string(),
    inputs: z.array(TENSOR),
    outputs: z.array(TENSOR),
  })
  .meta({ id: 'OipModel' });

const READY = z.object({ name: z.string(), ready: z.boolean() }).meta({ id: 'OipModelReady' });

const SHARED = { method: 'get', tag: OIP_TAG, access: 'jobs:read', errors: OIP_ERRORS } as const;

export function mountOipModels(target: MountTarget, deps: OipModelsDeps): void {
  for (const { path, suffix, params } of MODEL_PATHS) {
    mount(
      target,
      {
        ...SHARED,
        path,
        operationId: `oipModel${suffix}`,
        summary: 'Inputs and outputs of a model',
        params,
        success: [{ status: 200, description: 'The model.', content: { 'application/json': METADATA } }],
        problems: ['model_not_found', 'invalid_model_config'],
      },
      async ({ c, params: named }) => {
        const model = await deps.onlineModels.find(modelNamed(named));
        const { name } = model.ref;
        const all = await deps.models.list();
        const versions = all.flatMap((one) => (one.name === name && one.version !== null ? one.version : []));
        return c.json({
          name,
          versions: [...new Set(versions)],
          platform: platformOf(model.config),
          inputs: inputsOf(model),
          outputs: outputsOf(model),
        });
      },
    );
    mount(
      target,
      {
        ...SHARED,
        path: `${path}/ready`,
        operationId: `oipModelReady${suffix}`,
        summary: 'Whether lanes have a model loaded',
        description:
          'A model that is not loaded is loaded by its first request, if a worker has it. Until then it is not ready: 503.',
        params,
        success: [{ status: 200, description: 'It is loaded.', content: { 'application/json': READY } }],
        problems: ['model_not_found', 'invalid_model_config', 'no_worker'],
      },
      async ({ c, params: named }) => {
        const name = modelNamed(named);
        const { service, ref } = await deps.onlineModels.find(name);
        if (service.lanes > 0) return c.json({ name: ref.name, ready: true });
        const { problem } = service;
        const why = problem === null ? '' : `: ${problem}`;
        const error = new ForebayError('no_worker', `No lane has the model "${name}" loaded${why}.`);
        return problemResponse(error, c.req, emitNothing, {}, OIP_ERRORS);
      },
    );
  }
}
