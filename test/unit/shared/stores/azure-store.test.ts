import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { AzureSettings } from '#forebay/shared/stores/azure/azure-settings.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { cut, here, serveS3, type Answer, type S3Answers } from '../../../support/s3-answers.ts';
import { azureAt, testStores } from '../../../support/stores.ts';

const never = new AbortController().signal;
let server: S3Answers | null = null;
let stores: Stores | null = null;
afterEach(async () => {
  await stores?.close();
  await server?.close();
});

const SECRET = Buffer.from('very secret').toString('base64');
const KEY = { AZURE_STORAGE_ACCOUNT: 'lab1', AZURE_STORAGE_KEY: SECRET };

/** An error in the form of Azure. `detail`: why the request is not authorised. */
function refusing(status: number, code: string, detail = '', headers: Record<string, string> = {}): Answer {
  return (_, response) =>
    response
      .writeHead(status, { 'content-type': 'application/xml', 'x-ms-error-code': code, ...headers })
      .end(
        `\ufeff<?xml version="1.0"?><Error><Code>${code}</Code><Message>It says ${code}.\nRequestId:1</Message><AuthenticationErrorDetail>${detail}</AuthenticationErrorDetail></Error>`,
      );
}

async function reading(
  answers: Answer[],
  env: Record<string, string> = KEY,
  more: Partial<AzureSettings> = {},
  url = 'az://photos/key.txt',
) {
  server = await serveS3(...answers);
  stores = testStores({ env, azure: [azureAt(`${server.endpoint}/lab1`, more)] });
  const bytes = await (await stores.of(url)).read(url, { signal: never });
  return Buffer.from(bytes).toString();
}

describe('a temporary failure is retried', () => {
  it.each([
    ['503 ServerBusy', refusing(503, 'ServerBusy')],
    ['500 OperationTimedOut', refusing(500, 'OperationTimedOut')],
    ['a connection that is cut before the answer', cut],
  ])('%s', async (_, answer) => {
    expect(await reading([answer, here])).toBe('here');
    expect(server!.requests).toHaveLength(2);
  });
});

describe('a permanent failure is not retried, and says what to do', () => {
  it.each([
    ['file_not_found', /az:\/\/photos\/key.txt does not exist/, refusing(404, 'BlobNotFound')],
    ['file_not_found', /does not exist, or is not public/, refusing(404, 'ResourceNotFound')],
    ['file_not_found', /the container of .* does not exist at http/, refusing(404, 'ContainerNotFound')],
    ['access_denied', /Check the account's name, the account key/, refusing(403, 'AuthenticationFailed')],
    [
      'access_denied',
      /SAS token has expired/,
      refusing(403, 'AuthenticationFailed', 'Signature not valid in the specified time frame: Start'),
    ],
    [
      'access_denied',
      /clock .* Set it/,
      refusing(403, 'AuthenticationFailed', 'Request date header too old: 1 Jan'),
    ],
    ['access_denied', /Storage Blob Data Reader/, refusing(403, 'AuthorizationPermissionMismatch')],
    ['access_denied', /firewall/, refusing(403, 'AuthorizationFailure')],
    ['access_denied', /is not public/, refusing(409, 'PublicAccessNotPermitted')],
    ['file_unreadable', /Rehydrate/, refusing(409, 'BlobArchived')],
    ['dataset_changed', /changed/, refusing(412, 'ConditionNotMet')],
    ['fetch_status', /InvalidUri: It says InvalidUri\.$/, refusing(400, 'InvalidUri')],
  ])('%s: %s', async (code, message, answer) => {
    const failed = await reading([answer]).catch((error: Error) => error);
    expect(failed).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(server!.requests).toHaveLength(1);
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain(SECRET);
  });
});

it('a wrong clock of this machine does not matter, because the server tells the time', async () => {
  const late = refusing(403, 'AuthenticationFailed', '', { date: 'Sun, 01 Jan 2040 00:00:00 GMT' });
  expect(await reading([late, here])).toBe('here');
  expect(server!.requests.map(({ headers }) => String(headers['x-ms-date']).slice(0, 16))).toEqual([
    new Date().toUTCString().slice(0, 16),
    'Sun, 01 Jan 2040',
  ]);
});

describe('credentials', () => {
  const sent = () => {
    const { url, authorization } = server!.requests.at(-1)!;
    return { url, authorization };
  };

  it('are an account key, a SAS token or nothing, from the environment or from variables that the settings name', async () => {
    const connection = `DefaultEndpointsProtocol=https;AccountName=lab1;AccountKey=${SECRET};EndpointSuffix=x`;
    const signed = { url: '/lab1/photos/key.txt', authorization: expect.stringMatching(/^SharedKey lab1:/) };
    await reading([here]);
    expect(sent()).toEqual(signed);
    await server!.close();
    await reading([here], { AZURE_STORAGE_CONNECTION_STRING: connection });
    expect(sent()).toEqual(signed);
    await server!.close();
    const named = { env: { connection_string: 'LAB' } };
    await reading([here], { LAB: connection }, { credentials: named });
    expect(sent()).toEqual(signed);
    await server!.close();
    const sas = { LAB: '?sv=2021-12-02&sig=a%2Bb%3D' };
    await reading([here], sas, { account: 'lab1', credentials: { env: { sas_token: 'LAB' } } });
    expect(sent()).toEqual({
      url: '/lab1/photos/key.txt?sv=2021-12-02&sig=a%2Bb%3D',
      authorization: undefined,
    });
    await server!.close();
    await reading([here], KEY, { credentials: 'none' });
    expect(sent()).toEqual({ ...signed, authorization: undefined });
  });

  it.each([
    ['no account', {}, { endpoint: null }, /Set AZURE_STORAGE_ACCOUNT/],
    [
      'a connection string that is none',
      { AZURE_STORAGE_CONNECTION_STRING: SECRET },
      {},
      /lacks AccountName/,
    ],
    ['a key of an unknown account', { AZURE_STORAGE_KEY: SECRET }, {}, /without the name of the account/],
  ])('%s is refused without a request', async (_, env, more, message) => {
    const failed = await reading([here], env as Record<string, string>, more).catch((error: Error) => error);
    expect(failed).toMatchObject({ code: 'access_denied', message: expect.stringMatching(message) });
    expect(server!.requests).toHaveLength(0);
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain(SECRET);
  });

  const token: Answer = (_, response) => response.end('{"access_token":"a token","expires_in":3600}');
  const principal = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' };

  /** Reads twice, with an identity whose variables follow from the URL of the server. */
  async function withIdentity(envOf: (endpoint: string) => Record<string, string>): Promise<void> {
    server = await serveS3(token, here);
    const { endpoint } = server;
    stores = testStores({ env: envOf(endpoint), azure: [azureAt(`${endpoint}/lab1`)] });
    for (let i = 0; i < 2; i++) {
      const store = await stores.of('az://photos/x');
      expect(Buffer.from(await store.read('az://photos/x', { signal: never })).toString()).toBe('here');
    }
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      undefined,
      'Bearer a token',
      'Bearer a token',
    ]);
  }

  it('are a token of Microsoft Entra for a service principal, a workload or a managed identity', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'forebay-azure-'));
    writeFileSync(join(folder, 'token'), 'assertion\n');
    await withIdentity((url) => ({ ...principal, AZURE_CLIENT_SECRET: 's', AZURE_AUTHORITY_HOST: url }));
    expect(server!.requests[0]!.url).toBe('/tenant/oauth2/v2.0/token');
    await server!.close();
    const AZURE_FEDERATED_TOKEN_FILE = join(folder, 'token');
    await withIdentity((url) => ({
      ...principal,
      AZURE_FEDERATED_TOKEN_FILE,
      AZURE_AUTHORITY_HOST: `${url}/`,
    }));
    await server!.close();
    await withIdentity((url) => ({ IDENTITY_ENDPOINT: `${url}/msi`, IDENTITY_HEADER: 'header' }));
    expect(server!.requests[0]).toMatchObject({
      url: expect.stringMatching(/^\/msi\?resource=https%3A%2F%2Fstorage\.azure\.com/),
      headers: { 'x-identity-header': 'header' },
    });
    rmSync(folder, { recursive: true });
  });

  it('an identity service that is down is asked again, and a token outlives its trouble', async () => {
    const down: Answer = (_, response) => response.writeHead(503).end();
    // Less than the time before its end at which a token is replaced.
    const old: Answer = (_, response) => response.end('{"access_token":"old","expires_in":200}');
    server = await serveS3(down, old, here, cut, here);
    const env = { IDENTITY_ENDPOINT: `${server.endpoint}/msi`, IDENTITY_HEADER: 'header' };
    stores = testStores({ env, azure: [azureAt(`${server.endpoint}/lab1`)] });
    const store = await stores.of('az://photos/x');
    for (let i = 0; i < 2; i++) {
      expect(Buffer.from(await store.read('az://photos/x', { signal: never })).toString()).toBe('here');
    }
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
      'Bearer old',
      undefined,
      'Bearer old',
    ]);
  });

  it('a refused identity says why, once for many rows', async () => {
    const denied: Answer = (_, response) =>
      response.writeHead(401).end('{"error_description":"AADSTS7000215: Invalid client secret.\\r\\nTrace"}');
    server = await serveS3(denied);
    const env = { ...principal, AZURE_CLIENT_SECRET: SECRET, AZURE_AUTHORITY_HOST: server.endpoint };
    stores = testStores({ env, azure: [azureAt(`${server.endpoint}/lab1`)] });
    for (let i = 0; i < 2; i++) {
      const store = await stores.of('az://photos/x');
      const failed = await store.stat('az://photos/x', never).catch((error: Error) => error);
      expect(failed).toMatchObject({
        code: 'access_denied',
        message: expect.stringMatching(/AADSTS7000215: Invalid client secret\.\)$/),
      });
      expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain(SECRET);
    }
    expect(server.requests).toHaveLength(1);
  });
});

describe('listing', () => {
  const page =
    (next: string, ...names: string[]): Answer =>
    (_, response) =>
      response.end(
        `\ufeff<?xml version="1.0"?><EnumerationResults><Blobs>${names
          .map(
            (name) =>
              `<Blob><Name>${name}</Name><Properties><Etag>0x1</Etag><Content-Length>1</Content-Length></Properties></Blob>`,
          )
          .join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
      );
  async function listed(after: string | null, ...answers: Answer[]): Promise<string[]> {
    server = await serveS3(...answers);
    stores = testStores({ azure: [azureAt(`${server.endpoint}/lab1`, { credentials: 'none' })] });
    const names: string[] = [];
    const start = after === null ? null : `az://photos/${after}`;
    for await (const { url } of (await stores.listing('az://photos/')).list('az://photos/', start, never)) {
      names.push(url.slice('az://photos/'.length));
    }
    return names;
  }

  it('follows markers, retries a page, and leaves out the folders of accounts that have some', async () => {
    const folder: Answer = (_, response) =>
      response.end(
        '<EnumerationResults><Blobs><Blob><Name>d</Name><Properties><ResourceType>directory</ResourceType></Properties></Blob><Blob><Name Encoded="true">d%2F%EF%BF%BF</Name><Properties/></Blob></Blobs><NextMarker/></EnumerationResults>',
      );
    const pages = [page('one', 'a', 'b'), refusing(503, 'ServerBusy'), page('two', 'c'), folder];
    expect(await listed(null, ...pages)).toEqual(['a', 'b', 'c', 'd/\uffff']);
    const markers = server!.requests.map(({ url }) => new URL(url, 'http://x').searchParams.get('marker'));
    expect(markers).toEqual([null, 'one', 'one', 'two']);
  });

  it.each([
    ['in byte order', 'a/b', ['a-1', 'a/a', 'a/b', 'a/c'], ['a/c']],
    ['folder by folder', 'a/b', ['a/a', 'a/b', 'a/c', 'a-1'], ['a/c', 'a-1']],
    ['in byte order, after a blob that is gone', 'a/b', ['a-1', 'a/a', 'a/c', 'aa'], ['a/c', 'aa']],
    ['folder by folder, after a blob that is gone', 'a/b', ['a/a', 'a/c', 'a-1'], ['a/c', 'a-1']],
  ])('continues %s', async (_, after, names, expected) => {
    expect(await listed(after, page('', ...names))).toEqual(expected);
  });

  it('refuses a server without an order', async () => {
    await expect(listed(null, page('', 'b', 'a'))).rejects.toMatchObject({ code: 'input_unreadable' });
  });

  it('says that the endpoint is none of Azure', async () => {
    await expect(listed(null, here)).rejects.toMatchObject({
      message: expect.stringMatching(/not a list of blobs/),
    });
  });
});
