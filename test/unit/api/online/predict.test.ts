import { expect, it } from 'vitest';
import type { OnlineModels } from '#forebay/api/online/online-models.js';
import { createPredict } from '#forebay/api/online/predict.js';
import type { OnlineRequests } from '#forebay/shared/queue/online/online-requests.js';
import type { ModelService } from '#forebay/shared/queue/workers/worker-registry.js';
import { leavingCaller } from '../../../support/leaving-caller.ts';
import { SERVED } from '../../../support/served-model.ts';

const why = async (service: Partial<ModelService>) => {
  const ref = { name: 'm', hash: 'a'.repeat(64), pool: 'default' };
  const found = { ref, config: null, batchSize: null, graphInputs: null, graphOutputs: null };
  const models = { find: async () => ({ ...found, service: { ...SERVED, lanes: 0, ...service } }) };
  const predict = createPredict({
    models: models as unknown as OnlineModels,
    requests: {} as OnlineRequests,
  });
  const input = { is: 'file', bytes: Buffer.from('x') } as const;
  const asked = { model: 'm', input, options: {}, timeoutMs: 1000, tenant: 'default' };
  return predict(asked, leavingCaller()).catch((error: unknown) => error);
};

it('a model whose files workers have not seen yet is worth another try, which the client is told when to make', async () => {
  expect(await why({ otherHashes: ['b'.repeat(64)] })).toMatchObject({
    code: 'no_worker',
    retryAfterS: 5,
    message: expect.stringMatching(/If the files have just changed, workers notice that .*so try again\.$/),
  });
  expect(await why({})).toMatchObject({ message: expect.stringMatching(/start a worker of its pool\.$/) });
  expect(await why({ otherHashes: ['b'], problem: 'no graph' })).toMatchObject({
    message: expect.stringMatching(/: no graph\.$/),
  });
});
