// The input of a job's rows over HTTP: for every kind of dataset, under the rules of the dataset, and never as
// something that a browser runs.
import { createHash } from 'node:crypto';
import { readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ProblemError } from '#forebay/client/problem-error.js';
import { createClient } from '#forebay/client/client.js';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import { contentVersion } from '#forebay/shared/delta/content-version.js';
import { partName, recordName } from '#forebay/shared/storage/output-names.js';
import { startTestApi, type TestApi } from '../../support/api-service.ts';
import { makeTar, makeZip } from '../../support/archives.ts';
import { colourImage } from '../../support/service.ts';
import { serveFiles, type WebFiles } from '../../support/web-files.ts';

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
const HTML = '<!doctype html><script>alert(1)</script>';

let api: TestApi;
let web: WebFiles;
let png: Buffer;
let input: string;

beforeAll(async () => {
  [api, png] = await Promise.all([startTestApi(), colourImage(0)]);
  web = await serveFiles({ '/far.png': { bytes: png } });
  input = join(api.folder, 'input');
});
afterAll(async () => {
  await Promise.all([api.close(), web.close()]);
});

async function submit(given: object, more: object = {}): Promise<{ id: string; output: string }> {
  const response = await fetch(`${api.url}/v1/jobs`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ model: 'digits-small', input: given, options: { block_rows: 4 }, ...more }),
  });
  const job = (await response.json()) as { id: string; output: string };
  expect(response.status, JSON.stringify(job)).toBe(202);
  await api.jobs.transition(job.id, 'running');
  return job;
}

async function inputOf(job: { id: string }, index: number) {
  const response = await fetch(`${api.url}/v1/jobs/${job.id}/rows/${index}/input`);
  const bytes = Buffer.from(await response.arrayBuffer());
  const { headers, status } = response;
  const problem = headers.get('content-type') === 'application/problem+json';
  return {
    status,
    headers,
    bytes,
    code: problem ? (JSON.parse(bytes.toString()) as { code: string }).code : null,
  };
}

async function expectPicture(job: { id: string }, index: number): Promise<void> {
  const { status, headers, bytes } = await inputOf(job, index);
  expect([status, headers.get('content-type')], bytes.toString()).toEqual([200, 'image/png']);
  expect(bytes.equals(png)).toBe(true);
}

it('returns files of a folder, pictures to be shown and everything else as a download', async () => {
  writeFileSync(join(input, 'row-0'), png);
  writeFileSync(join(input, 'row-1'), SVG);
  writeFileSync(join(input, 'row-2'), HTML);
  writeFileSync(join(input, 'row-3'), Buffer.concat([png, Buffer.alloc(2 ** 20)]));
  symlinkSync('/etc/passwd', join(input, 'row-4'));
  const job = await submit({ type: 'files', path: '.' });
  expect(await inputOf(job, 0)).toMatchObject({ status: 404, code: 'not_found' });
  await api.commitBlock(job, 0);
  await api.commitBlock(job, 1, (index) => index === 5);

  const picture = await inputOf(job, 0);
  expect(picture.bytes.equals(png)).toBe(true);
  expect(Object.fromEntries(picture.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(png.length),
    'content-disposition': 'inline; filename="row-0.png"',
    'content-security-policy': "sandbox; default-src 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
    'cache-control': 'private, max-age=300',
    vary: 'Authorization, X-API-Key',
    'x-input-version': 'unknown',
  });
  for (const [index, text] of [
    [1, SVG],
    [2, HTML],
  ] as const) {
    const { headers, bytes } = await inputOf(job, index);
    expect(bytes.toString()).toBe(text);
    expect(headers.get('content-type')).toBe('application/octet-stream');
    expect(headers.get('content-disposition')).toBe(`attachment; filename="row-${index}.bin"`);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  }
  expect(await inputOf(job, 3)).toMatchObject({ status: 413, code: 'file_too_large' });
  expect(await inputOf(job, 4)).toMatchObject({ status: 403, code: 'path_not_allowed' });
  // A row that failed is found, too. Its file does not exist.
  expect(await inputOf(job, 5)).toMatchObject({ status: 404, code: 'file_not_found' });
  expect(await inputOf(job, 8)).toMatchObject({ status: 404, code: 'not_found' });
  const head = await fetch(`${api.url}/v1/jobs/${job.id}/rows/0/input`, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(png.length)]);
});

it.each<[string, object, (file: string) => string, (file: string) => void]>([
  [
    'its stamp',
    {},
    (file) => `${statSync(file).size}-${statSync(file).mtimeMs}`,
    (file) => utimesSync(file, new Date(), new Date(Date.now() + 5000)),
  ],
  [
    'its content',
    { row_versions: 'content' },
    (file) => contentVersion(readFileSync(file)),
    (file) => writeFileSync(file, SVG),
  ],
])(
  'refuses a file that is not the one that the worker has read, by %s',
  async (_, options, versionOf, change) => {
    const file = join(input, 'row-0');
    writeFileSync(file, png);
    const job = await submit({ type: 'files', path: '.' }, { options: { block_rows: 4, ...options } });
    await api.commitBlock(job, 0);
    const hash = createHash('sha256')
      .update(readFileSync(join(job.output, partName(0, 'jsonl'))))
      .digest('hex');
    const rows = [0, 1, 2, 3].map((i) => JSON.stringify([i, `row-${i}`, i === 0 ? versionOf(file) : null]));
    writeFileSync(join(job.output, recordName(0, hash)), `{"v":1,"rows":4}\n${rows.join('\n')}\n`);
    expect((await inputOf(job, 0)).headers.get('x-input-version')).toBe('same');
    change(file);
    expect(await inputOf(job, 0)).toMatchObject({ status: 409, code: 'dataset_changed' });
  },
);

it('returns records as JSON, and files that they name, hold or point to', async () => {
  const far = `${web.url}/far.png`;
  const lines = [
    { id: 'row-0', image: 'row-0' },
    { id: 'row-1', image: png.toString('base64') },
    { id: 'row-2', image: far },
    { id: 'row-3', image: '../../../../etc/passwd' },
    { id: 'row-4', image: 's3://closed/x.png' },
  ];
  writeFileSync(join(input, 'row-0'), png);
  const table = join(input, 'rows.jsonl');
  const text = lines.map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(table, text.join(''));
  const job = await submit({ type: 'jsonl', path: 'rows.jsonl' });
  // The second read goes back, and the third goes on.
  for (const index of [1, 0, 2]) await expectPicture(job, index);
  for (const index of [3, 4]) expect(await inputOf(job, index)).toMatchObject({ code: 'path_not_allowed' });
  expect(await inputOf(job, 5)).toMatchObject({ status: 404, code: 'not_found' });

  // The feeder's cursor has the version of the table.
  const hasRead = async (version: string) => {
    const cursor = JSON.stringify({ index: 5, at: `1@2 ${version}` });
    await api.redis.hset(jobKeys(job.id).job, 'cursor', cursor);
  };
  const file = await LOCAL_FILES.open(table, new AbortController().signal);
  await hasRead(file.version);
  await file.close();
  expect((await inputOf(job, 1)).headers.get('x-input-version')).toBe('same');
  await hasRead('another version');
  expect(await inputOf(job, 1)).toMatchObject({ status: 409, code: 'dataset_changed' });

  // The ids of the results tell that other rows are there now.
  const other = await submit({ type: 'jsonl', path: 'rows.jsonl' });
  await api.commitBlock(other, 0);
  writeFileSync(table, text.slice(1).join(''));
  expect(await inputOf(other, 0)).toMatchObject({ status: 409, code: 'dataset_changed' });

  const inline = await submit({
    type: 'inline',
    rows: [
      { id: 'a', data: png.toString('base64') },
      { id: 'b', text: 'a' },
    ],
  });
  await expectPicture(inline, 0);
  // A model that reads images takes no text, so the row is bad, not the request.
  expect(await inputOf(inline, 1)).toMatchObject({ status: 422, code: 'invalid_row' });
});

it('returns members of archives and lines of lists', async () => {
  const members = [0, 1, 2].map((i) => ({ name: `${i}.png`, body: png }));
  writeFileSync(join(input, 'a.tar'), makeTar(members));
  writeFileSync(join(input, 'a.zip'), makeZip(members));
  writeFileSync(join(input, 'near.png'), png);
  writeFileSync(join(input, 'list.txt'), `near.png\n{"id":"x","uri":"${web.url}/far.png"}\n/etc/passwd\n`);
  for (const path of ['a.tar', 'a.zip']) await expectPicture(await submit({ type: 'archive', path }), 2);
  const list = await submit({ type: 'manifest', path: 'list.txt' });
  for (const index of [0, 1]) await expectPicture(list, index);
  expect(await inputOf(list, 2)).toMatchObject({ status: 403, code: 'path_not_allowed' });
  // A store that does not answer.
  const s3 = await submit({ type: 'urls', urls: ['s3://open-bucket/x.png'] });
  expect((await inputOf(s3, 0)).code).toBe('not_found');
});

it('is in the client, and so are the blocks', async () => {
  const job = await submit({ type: 'inline', rows: [{ id: 'a', data: png.toString('base64') }] });
  const client = createClient({ url: api.url });
  const { type, blob, version } = await client.rowInput(job.id, 0);
  expect([type, blob.size, version]).toEqual(['image/png', png.length, 'same']);
  await expect(client.rowInput(job.id, 1)).rejects.toThrow(ProblemError);
  expect(await client.blocks(job.id)).toMatchObject({ total: 1, counts: { unread: 1 } });
  await expect(client.blocks('job_unknown')).rejects.toMatchObject({ code: 'job_not_found' });
});
