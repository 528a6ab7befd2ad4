import { expect, it } from 'vitest';
import { storeVariables } from '#forebay/cli/tune/store-variables.js';

it('the measuring process gets the credentials of stores, and no other secret', () => {
  const env = {
    AWS_PROFILE: 'p',
    AZURE_CLIENT_ID: 'c',
    LAB_KEY: 'k',
    LAB_SECRET: 's',
    LAB_SAS: 'a',
    REDIS_URL: 'r',
    PATH: '/bin',
  };
  const credentials = { env: { access_key: 'LAB_KEY', secret_key: 'LAB_SECRET' } };
  const azure = { env: { sas_token: 'LAB_SAS' } };
  const { REDIS_URL: _, PATH: __, ...found } = env;
  expect(storeVariables(env, [{ credentials }, { credentials: azure }, { credentials: 'chain' }])).toEqual(
    found,
  );
});
