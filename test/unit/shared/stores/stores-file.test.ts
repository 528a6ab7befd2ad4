import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '#forebay/shared/config/config.js';
import { createCredentials } from '#forebay/shared/stores/s3/credentials.js';
import { readStores } from '#forebay/shared/stores/stores-file.js';

const dir = mkdtempSync(join(tmpdir(), 'forebay-stores-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function file(content: unknown): string {
  const path = join(dir, 'stores.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

const REST = { match: 's3://', endpoint: null, region: null, pathStyle: null, credentials: 'chain' };

describe('the file of FOREBAY_STORES', () => {
  it('gives each match its settings, and the rest those of the environment', () => {
    const stores = [
      {
        match: 's3://lab',
        endpoint: 'http://minio:9000',
        region: 'lab-1',
        credentials: { env: { access_key: 'A', secret_key: 'S' } },
      },
      { match: 's3://open-data/', path_style: true, credentials: 'none' },
      { match: 's3://archive/2024/', credentials: { profile: 'archive' } },
    ];
    expect(readStores(file({ stores }), { A: 'a', S: 's', AWS_REGION: 'eu-west-3' }).s3).toEqual([
      {
        match: 's3://lab/',
        endpoint: 'http://minio:9000',
        region: 'lab-1',
        pathStyle: null,
        credentials: { env: { access_key: 'A', secret_key: 'S' } },
      },
      { ...REST, match: 's3://open-data/', region: 'eu-west-3', pathStyle: true, credentials: 'none' },
      { ...REST, match: 's3://archive/2024/', region: 'eu-west-3', credentials: { profile: 'archive' } },
      { ...REST, region: 'eu-west-3' },
    ]);
  });

  it('has entries of Azure, too, which have fields of their own', () => {
    const stores = [
      { match: 'az://photos/in', account: 'lab1', credentials: { env: { sas_token: 'SAS' } } },
      { match: 'az://emulated', endpoint: 'http://azurite:10000/devstoreaccount1' },
    ];
    const rest = { match: 'az://', account: null, endpoint: null, credentials: 'chain' };
    expect(readStores(file({ stores }), { SAS: 's' })).toEqual({
      s3: [REST],
      azure: [
        { ...rest, match: 'az://photos/in/', account: 'lab1', credentials: { env: { sas_token: 'SAS' } } },
        { ...rest, match: 'az://emulated/', endpoint: 'http://azurite:10000/devstoreaccount1' },
        rest,
      ],
    });
    const wrong = [
      { match: 'az://photos', region: 'westeurope', account: 'Lab', credentials: { profile: 'p' } },
      { match: 's3://photos', account: 'lab1' },
      { match: 'az://other', credentials: { env: { account_key: 'ABSENT' } } },
    ];
    const message = messageOf(() => readStores(file({ stores: wrong.slice(0, 2) }), {}));
    for (const place of ['0', '0/account', '0/credentials', '1'])
      expect(message).toContain(`/stores/${place}: `);
    expect(messageOf(() => readStores(file({ stores: wrong.slice(2) }), {}))).toContain(
      '/stores/0/credentials/env/account_key',
    );
  });

  it('may replace the settings of the rest', () => {
    const stores = [{ match: 's3://', credentials: 'none' }];
    expect(readStores(file({ stores }), {}).s3).toEqual([{ ...REST, credentials: 'none' }]);
  });

  it('without it, the environment of AWS tools counts', () => {
    expect(readStores(null, {}).s3).toEqual([REST]);
    expect(readStores(null, { AWS_ENDPOINT_URL: 'http://a', AWS_DEFAULT_REGION: 'r-1' }).s3).toEqual([
      { ...REST, endpoint: 'http://a', region: 'r-1' },
    ]);
    expect(
      readStores(null, { AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_S3: 'http://b' }).s3,
    ).toMatchObject([{ endpoint: 'http://b' }]);
    expect(() => readStores(null, { AWS_ENDPOINT_URL: 'minio:9000' })).toThrow(/AWS_ENDPOINT_URL/);
  });

  it('every problem is printed at once, with its place', () => {
    const stores = [
      { match: 'bucket', endpoint: 'http://user:hunter2@minio' },
      { match: 's3://a-1', region: 'Frankfurt!', path_style: 'yes', key: 'x' },
      { match: 's3://b-1/', credentials: { env: { access_key: 'no name', secret_key: '1+2/3' } } },
    ];
    const message = messageOf(() => readStores(file({ stores }), {}));
    for (const place of [
      '0/match',
      '0/endpoint',
      '1/region',
      '1/path_style',
      '1',
      '2/credentials/env/access_key',
    ]) {
      expect(message).toContain(`/stores/${place}: `);
    }
    // By mistake, a user may write the secret itself where the name of its variable belongs.
    expect(message).not.toMatch(/1\+2|hunter2/);
  });

  it('names every variable that is not set by its place, and matches that occur twice', () => {
    const env = { access_key: 'A', secret_key: 'AKIASECRET' };
    const stores = [{ match: 's3://a-1', credentials: { env } }, { match: 's3://a-1/' }];
    const message = messageOf(() => readStores(file({ stores }), { A: 'a' }));
    expect(message).toContain('/stores/0/credentials/env/secret_key');
    expect(message).toContain('/stores/1/match');
    expect(message).not.toContain('AKIASECRET');
  });

  it.each([
    ['no JSON', '{'],
    ['a list', []],
    ['an unknown field', { stores: [], store: 1 }],
  ])('refuses %s', (_, content) => {
    expect(messageOf(() => readStores(file(content), {}))).toMatch(/FOREBAY_STORES: .*stores.json/);
  });

  it('refuses a file that does not exist', () => {
    expect(messageOf(() => readStores(join(dir, 'absent.json'), {}))).toMatch(/absent\.json/);
  });
});

describe('FOREBAY_INPUT_ROOTS', () => {
  const read = (roots: string) => readConfig({ FOREBAY_INPUT_ROOTS: roots }, '/work');

  it('takes folders and prefixes of S3', () => {
    expect(read('a:s3://b-1/p: S3://b-2 :/c')).toMatchObject({
      inputRoots: ['/work/a', '/c'],
      objectRoots: ['s3://b-1/p/', 's3://b-2/'],
    });
    expect(read('s3://b-1')).toMatchObject({ inputRoots: [], objectRoots: ['s3://b-1/'] });
    expect(read('')).toMatchObject({ inputRoots: ['/work'], objectRoots: [] });
  });

  it('refuses other URLs and bad buckets, all at once', () => {
    const message = messageOf(() => read('https://example.org/x:s3://a b/:/c'));
    expect(message).toMatch(/FOREBAY_INPUT_ROOTS.*https:\/\/example.org\/x.*s3:\/\/a b\//);
  });
});

describe('credentials', () => {
  it('come from the variables that the settings name', async () => {
    const env = { access_key: 'A', secret_key: 'S', session_token: 'T' };
    expect(await createCredentials({ env }, { A: 'a', S: 's', T: 't' })!()).toEqual({
      accessKeyId: 'a',
      secretAccessKey: 's',
      sessionToken: 't',
    });
  });

  it('none: requests are not signed', () => {
    expect(createCredentials('none', {})).toBeNull();
  });

  it('a profile that does not exist says where to look', async () => {
    const find = createCredentials({ profile: 'forebay-test-absent' }, {})!;
    await expect(find()).rejects.toMatchObject({
      code: 'access_denied',
      message: expect.stringMatching(/profile "forebay-test-absent".*~\/\.aws/),
    });
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it did not throw');
}
