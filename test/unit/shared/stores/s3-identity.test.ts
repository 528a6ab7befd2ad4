// Credentials of a real chain of the AWS SDK, which asks a server that can be down.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createCredentials } from '#forebay/shared/stores/s3/credentials.js';
import { identityServiceDown } from '#forebay/shared/stores/s3/identity-service.js';
import { serveS3, type Answer, type S3Answers } from '../../../support/s3-answers.ts';

let folder: string;
let server: S3Answers;
let before: NodeJS.ProcessEnv;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forebay-identity-'));
  before = process.env;
});
afterEach(async () => {
  process.env = before;
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The SDK reads the environment of the process. It finds nothing but this. */
function useEnvironment(more: Record<string, string>): void {
  const own = Object.entries(before).filter(([name]) => !name.startsWith('AWS_'));
  process.env = {
    ...Object.fromEntries(own),
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_REGION: 'eu-west-1',
    AWS_MAX_ATTEMPTS: '1',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...more,
  };
}

const xml = (status: number, text: string): Answer => {
  return (_, response) => response.writeHead(status, { 'content-type': 'text/xml' }).end(text);
};
const error = (status: number, code: string) =>
  xml(
    status,
    `<ErrorResponse><Error><Code>${code}</Code><Message>It says so</Message></Error></ErrorResponse>`,
  );
const granted = xml(
  200,
  '<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>KEY</AccessKeyId>' +
    '<SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>' +
    '</Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>',
);

async function webIdentity(...answers: Answer[]) {
  server = await serveS3(...answers);
  const token = join(folder, 'token');
  writeFileSync(token, 'token');
  useEnvironment({
    AWS_WEB_IDENTITY_TOKEN_FILE: token,
    AWS_ROLE_ARN: 'arn:aws:iam::1:role/forebay',
    AWS_ENDPOINT_URL_STS: server.endpoint,
  });
  return createCredentials('chain', process.env)!;
}

it('a service that is down may be asked again at once, but a denial is kept', async () => {
  const find = await webIdentity(error(503, 'ServiceUnavailable'), granted);
  const down = { code: 'fetch_unavailable', retryable: true, message: expect.stringContaining('AWS') };
  await expect(find()).rejects.toMatchObject(down);
  await expect
    .poll(async () => find().catch(() => null), { interval: 20 })
    .toMatchObject({
      accessKeyId: 'KEY',
    });
  await server.close();

  const denied = await webIdentity(error(403, 'AccessDenied'));
  for (let i = 0; i < 2; i++) await expect(denied()).rejects.toMatchObject({ code: 'access_denied' });
  expect(server.requests).toHaveLength(1);
});

it('the service of a container is asked whether it is down, because the chain hides that', async () => {
  const last = new Error('Could not load credentials from any providers');
  server = await serveS3(xml(503, ''), xml(403, ''));
  const env = {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${server.endpoint}/creds`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: 'T',
  };
  const down = { code: 'fetch_unavailable', retryable: true };
  expect(await identityServiceDown(last, env)).toMatchObject(down);
  expect(server.requests[0]).toMatchObject({ url: '/creds', authorization: 'T' });
  expect(await identityServiceDown(last, env)).toBeNull();
  await server.close();
  expect(await identityServiceDown(last, env)).toMatchObject(down);
  expect(await identityServiceDown(last, {})).toBeNull();
});
