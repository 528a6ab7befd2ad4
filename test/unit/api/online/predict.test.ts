import { expect, it } from 'vitest';
import type { OnlineModels } from '#forebay/api/online/online-models.js';
import { createPredict } from '#forebay/api/online/predict.js';
import { deadlinePassed, type OnlineRequests } from '#forebay/shared/queue/online/online-requests.js';
import type { ModelService } from '#forebay/shared/queue/workers/worker-registry.js';
import { leavingCaller } from '../../../support/leaving-caller.ts';
import { SERVED } from '../../../support/served-model.ts';

const input = { is: 'file', bytes: Buffer.from('x') } as const;
const asked = { model: 'm', input, options: {}, timeoutMs: 1000, tenant: 'default' };
const why = async (service: Partial<ModelService>) => {
  const ref = { name: 'm', hash: 'a'.repeat(64), pool: 'default' };
  const found = { ref, config: null, batchSize: null, graphInputs: null, graphOutputs: null };
  const models = { find: async () => ({ ...found, service: { ...SERVED, lanes: 0, ...service } }) };
  const predict = createPredict({
    models: models as unknown as OnlineModels,
    requests: {} as OnlineRequests,
  });
  return predict(asked, leavingCaller()).catch((error: unknown) => error);
};

it('a model whose files workers have not seen yet is worth another try, which the client is told when to make', async () => {
  expect(await why({ otherHashes: ['b'.repeat(64)] })).toMatchObject({
    code: 'no_worker',
    retryAfterS: 5,
    message: expect.stringMatching(/If the files have just changed, workers notice that .*so try again\.$/),
  });
  expect(await why({ poolWorkers: 0 })).toMatchObject({
    message: expect.stringMatching(/start a worker of its pool\.$/),
  });
  expect(await why({ poolWorkers: 2 })).toMatchObject({
    message: expect.stringMatching(/live workers of its pool do not have it\. Check their model folders/),
  });
  expect(await why({ otherHashes: ['b'], problem: 'no graph' })).toMatchObject({
    message: expect.stringMatching(/: no graph\.$/),
  });
});

it('a request whose deadline passes is answered then, and not after its model was looked up again', async () => {
  const ref = { name: 'm', hash: 'a'.repeat(64), pool: 'default' };
  const found = { ref, config: null, batchSize: 8, graphInputs: null, graphOutputs: null };
  const late = deadlinePassed(1000);
  const looks: string[] = [];
  const look = (lanes: number) => async () => {
    looks.push(`${lanes} lanes`);
    return { ...found, service: { ...SERVED, lanes } };
  };
  const answered = async (lanes: number) =>
    createPredict({
      models: { find: async () => ({ ...found, service: { ...SERVED, lanes } }), fresh: look(lanes) },
      requests: { ask: async () => Promise.reject(late) },
    } as unknown as Parameters<typeof createPredict>[0])(asked, leavingCaller()).catch(
      (error: unknown) => error,
    );
  expect(await answered(1)).toBe(late);
  expect(await answered(0)).toMatchObject({ code: 'no_worker' });
  expect(looks).toEqual(['0 lanes']);
});
