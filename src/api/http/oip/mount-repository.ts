/** The models of the service in the Open Inference Protocol, and loading and unloading them. */
import { z } from 'zod';
import { ForebayError } from '../../../shared/errors.ts';
import { blockQueueName } from '../../../shared/queue/keys.ts';
import type { Emit } from '../../../shared/observe/events.ts';
import { MODEL_ORDERS, type ModelOrders } from '../../../shared/queue/workers/model-orders.ts';
import type { ModelCatalog } from '../../models/model-catalog.ts';
import { awaitModel } from '../../online/await-model.ts';
import type { OnlineModels } from '../../online/online-models.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { ANY_TYPE } from '../middleware/read-body.ts';
import type { ModelWire } from '../wire/model.ts';
import { OIP_ERRORS } from './oip-errors.ts';
import { NAMED, OIP_TAG } from './oip-paths.ts';
import { PARAMETERS, type Parameters } from './parse-infer.ts';

export interface RepositoryDeps {
  readonly models: Pick<ModelCatalog, 'list' | 'findModel'>;
  readonly onlineModels: Pick<OnlineModels, 'fresh'>;
  readonly modelOrders: Pick<ModelOrders, 'give'>;
  readonly emit: Emit;
}

const LIMIT = { bytes: 64 * 1024, advice: 'Models come from the model folders, not from requests.' };

const INDEX_REQUEST = z.strictObject({
  ready: z.boolean().optional().meta({ description: 'Only models that are loaded.' }),
});

const INDEX = z
  .array(
    z.object({
      name: z.string(),
      version: z.string().optional(),
      state: z.enum(['READY', 'UNAVAILABLE']),
      reason: z.string(),
    }),
  )
  .meta({ id: 'OipIndex' });

const CHANGE = z.strictObject({ parameters: PARAMETERS.optional() });

export function mountRepository(target: MountTarget, deps: RepositoryDeps): void {
  const shared = { method: 'post', tag: OIP_TAG, errors: OIP_ERRORS } as const;
  mount(
    target,
    {
      ...shared,
      path: '/v2/repository/index',
      operationId: 'oipIndex',
      access: 'jobs:read',
      summary: 'List models',
      body: { schema: INDEX_REQUEST.optional(), limit: LIMIT, types: [ANY_TYPE] },
      success: [{ status: 200, description: 'All models.', content: { 'application/json': INDEX } }],
      problems: [],
    },
    async ({ c, body }) => {
      const entries = (await deps.models.list()).map(entryOf);
      return c.json(body?.ready === true ? entries.filter(({ state }) => state === 'READY') : entries);
    },
  );
  for (const order of MODEL_ORDERS) {
    mount(
      target,
      {
        ...shared,
        path: `/v2/repository/models/{name}/${order}`,
        operationId: `oip${order === 'load' ? 'Load' : 'Unload'}`,
        access: 'models:write',
        summary: order === 'load' ? 'Load a model' : 'Unload a model',
        description:
          'Asks all live workers that have the model, and waits at most 60 s. Parameters that would upload a model (`config`, `file:...`) are refused.',
        params: NAMED,
        body: { schema: CHANGE.optional(), limit: LIMIT, types: [ANY_TYPE] },
        success: [{ status: 200, description: 'A lane has loaded it, or all have unloaded it.' }],
        problems: [
          'model_not_found',
          'invalid_model_config',
          'no_worker',
          'model_load_failed',
          'deadline_passed',
        ],
      },
      async ({ c, params: { name }, body, caller }) => {
        checkParameters(body?.parameters ?? {});
        const { ref } = await deps.models.findModel(name);
        await deps.modelOrders.give(blockQueueName(ref), order);
        deps.emit('model.order_given', { model: name, order, by: caller.key });
        await awaitModel(deps.onlineModels, name, order, c.req.raw.signal);
        return c.json({});
      },
    );
  }
}

function entryOf({ name, version, status, problem }: ModelWire) {
  const state = status === 'serving' ? ('READY' as const) : ('UNAVAILABLE' as const);
  const why = problem?.message ?? status.replaceAll('_', ' ');
  return { name, ...(version !== null && { version }), state, reason: state === 'READY' ? '' : why };
}

function checkParameters({ unload_dependents, ...others }: Parameters): void {
  const [name] = Object.keys(others);
  const foreign = name ?? (unload_dependents === true ? 'unload_dependents' : undefined);
  if (foreign === undefined) return;
  throw new ForebayError(
    'invalid_request',
    `The parameter "${foreign.slice(0, 100)}" is refused. Models and their settings come only from the model folders of the service.`,
  );
}
