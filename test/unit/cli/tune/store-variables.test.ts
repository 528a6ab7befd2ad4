import { expect, it } from 'vitest';
import { storeVariables } from '#forebay/cli/tune/store-variables.js';

it('the measuring process gets the credentials of S3, and no other secret', () => {
  const env = { AWS_PROFILE: 'p', LAB_KEY: 'k', LAB_SECRET: 's', REDIS_URL: 'r', PATH: '/bin' };
  const credentials = { env: { access_key: 'LAB_KEY', secret_key: 'LAB_SECRET' } };
  expect(storeVariables(env, [{ credentials }, { credentials: 'chain' }])).toEqual({
    AWS_PROFILE: 'p',
    LAB_KEY: 'k',
    LAB_SECRET: 's',
  });
});
