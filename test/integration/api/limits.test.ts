// The limits against bombs and abuse, in the whole service. The environment sets them, as an operator does.
import { createServer } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readOutput, startService, writeImages, type Service } from '../../support/service.ts';

let service: Service;
let url: string;
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(2 ** 21)));
});

beforeAll(async () => {
  service = await startService({
    env: {
      FOREBAY_MAX_ROWS: '6',
      FOREBAY_MAX_FETCH_RATIO: '50',
      FOREBAY_MAX_IMAGE_RATIO: '700',
      FOREBAY_MAX_FILE_MB: '4',
      FOREBAY_MAX_MEGAPIXELS: '20',
      FOREBAY_FETCH_ALLOW: '127.0.0.1',
    },
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(async () => {
  server.close();
  await service.close();
});

const urls = (count: number) => ({
  type: 'urls',
  urls: Array.from({ length: count }, (_, i) => `${url}${i}`),
});
const inline = (count: number) => ({
  type: 'inline',
  rows: Array.from({ length: count }, (_, i) => ({ id: `row-${i}`, data: 'AAAA' })),
});

async function refused(more: object) {
  const response = await service.post('/v1/jobs', { model: 'tiny', ...more });
  const { code, detail, errors } = (await response.json()) as {
    code: string;
    detail: string;
    errors?: { path: string }[];
  };
  return { http: response.status, code, detail, at: errors?.map(({ path }) => path) };
}

it('a list that is too long for one request is refused with its field', async () => {
  for (const [input, at] of [
    [urls(200_001), '/input/urls'],
    [inline(200_001), '/input/rows'],
  ] as const) {
    const problem = await refused({ input });
    expect(problem).toMatchObject({ http: 413, code: 'list_too_long', at: [at] });
    expect(problem.detail).toMatch(/200001 rows; one request may carry at most 200000\. .*manifest/);
  }
});

it('a list with more rows than a job may have is refused, and the output stays unchanged', async () => {
  const output = service.out('kept');
  await writeImages(join(service.input, 'one'), 1);
  const { id } = await service.submit({ input: { type: 'files', path: 'one' }, output });
  expect((await service.ended(id)).status).toBe('completed');
  const options = { if_output_exists: 'overwrite' };
  for (const input of [urls(7), inline(7)]) {
    const problem = await refused({ input, output, options });
    expect(problem).toMatchObject({ http: 413, code: 'too_many_rows' });
    expect(problem.detail).toMatch(/7 rows\. .* 6 .FOREBAY_MAX_ROWS.*options\.limit/);
  }
  expect(readOutput(output)).toHaveLength(1);
  const first = await service.submit({ input: inline(7), options: { limit: 6 } });
  const { succeeded, failed } = (await service.ended(first.id)).rows;
  expect(succeeded + failed).toBe(6);
});

/** The warnings of a plan. */
async function warningsOf(body: object): Promise<string[]> {
  const response = await service.post('/v1/plan', { model: 'tiny', ...body });
  expect(response.status).toBe(200);
  return ((await response.json()) as { warnings: string[] }).warnings;
}

it('a folder or manifest with more rows than a job may have fails its job, and a plan warns about it', async () => {
  await writeImages(join(service.input, 'seven'), 7);
  writeFileSync(
    join(service.input, 'seven.txt'),
    Array.from({ length: 7 }, (_, i) => `seven/${i}`).join('\n'),
  );
  for (const input of [
    { type: 'files', path: 'seven' },
    { type: 'manifest', path: 'seven.txt' },
  ]) {
    expect((await warningsOf({ input })).join()).toMatch(/7 rows\. .* 6 .FOREBAY_MAX_ROWS/);
    expect((await warningsOf({ input, options: { limit: 6 } })).join()).not.toContain('FOREBAY_MAX_ROWS');
    const job = await service.ended((await service.submit({ input, options: { block_rows: 1 } })).id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'too_many_rows' } });
    expect(job.error!.message).toContain('FOREBAY_MAX_ROWS');
  }
  const input = { type: 'files', path: 'seven' };
  const first = await service.ended((await service.submit({ input, options: { limit: 6 } })).id);
  expect(first).toMatchObject({ status: 'completed', error: null });
});

it('JSON that nests too deeply is refused', async () => {
  let metadata: object = {};
  for (let level = 3; level <= 40; level++) metadata = { metadata };
  expect(await refused({ metadata })).toMatchObject({ http: 400, code: 'invalid_request' });
  const problem = await refused({ metadata: { metadata } });
  expect(problem).toMatchObject({ http: 400, code: 'request_too_deep' });
  expect(problem.detail).toMatch(/40 levels/);
});

it('metadata is limited in pairs, keys and values, and the error names the field', async () => {
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, '']));
  const key = 'k'.repeat(65);
  for (const [metadata, at] of [
    [many, '/metadata'],
    [{ [key]: '' }, `/metadata/${key}`],
    [{ team: 'v'.repeat(513) }, '/metadata/team'],
  ] as const) {
    expect(await refused({ input: inline(1), metadata })).toMatchObject({
      http: 400,
      code: 'invalid_request',
      at: [at],
    });
  }
});

it('each bomb fails only its row, with its own code, and is not retried', async () => {
  const white = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: '#fff' } }).png({ compressionLevel: 9 });
  const folder = join(service.input, 'bombs');
  await writeImages(folder, 1);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'a-large.png'), await white(5000, 4100).toBuffer());
  writeFileSync(join(folder, 'b-plain.png'), await white(4100, 4100).toBuffer());
  writeFileSync(join(folder, 'c-fat.png'), Buffer.alloc(4 * 2 ** 20 + 1));
  const manifest = ['bombs/000000.png', 'bombs/a-large.png', 'bombs/b-plain.png', 'bombs/c-fat.png', url];
  writeFileSync(join(service.input, 'bombs.txt'), manifest.join('\n'));
  const output = service.out('bombs');
  const { id } = await service.submit({ input: { type: 'manifest', path: 'bombs.txt' }, output });
  expect(await service.ended(id)).toMatchObject({ status: 'completed' });
  expect(readOutput(output)).toHaveLength(1);
  expect(readOutput(output, 'errors').map((row) => row.error!.code)).toEqual([
    'too_many_pixels',
    'decompression_ratio',
    'file_too_large',
    'fetch_inflated',
  ]);
});
