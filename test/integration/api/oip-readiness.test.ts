// Clients poll whether a model is ready. That it is not is an answer, and no failure of the service.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../support/api-service.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

it('a model that is not loaded is answered with 503, without a line in the log', async () => {
  const before = api.logged.length;
  const response = await fetch(`${api.url}/v2/models/digits-small/ready`);
  expect([response.status, await response.json()]).toEqual([
    503,
    { code: 'no_worker', error: `No lane has the model "digits-small" loaded.` },
  ]);
  const said = api.logged.slice(before).filter(({ level }) => level === 'warn' || level === 'error');
  expect(said).toEqual([]);
});
