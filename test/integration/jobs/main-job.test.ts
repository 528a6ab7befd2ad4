// The main job through the real service: a request comes in, and every row is answered.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import {
  colourImage,
  indexes,
  LABELS,
  readOutput,
  startService,
  upTo,
  writeImages,
  type Service,
} from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService({ env: { FOREBAY_LANES: '2' } });
  await writeImages(join(service.input, 'many'), 150);
});
afterAll(async () => service.close());

it('every file of a folder is answered in order, and the manifest lists every part with its checksum', async () => {
  const { id } = await service.submit({ input: { type: 'files', path: 'many' }, metadata: { team: 'a' } });
  const job = await service.ended(id);
  expect(job).toMatchObject({
    status: 'completed',
    rows: { total: 150, succeeded: 150, failed: 0 },
    metadata: { team: 'a' },
  });
  expect(job.throughput.rows_per_s).toBeGreaterThan(0);
  const rows = readOutput(job.output);
  expect(indexes(rows)).toEqual(upTo(150));
  for (const row of rows) {
    expect(row.id).toBe(`${String(row.index).padStart(6, '0')}.png`);
    expect(row.predictions![0]!.label).toBe(LABELS[row.index % 3]);
    expect(row.predictions).toHaveLength(2);
  }
  const manifest = JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8'));
  expect(manifest).toMatchObject({
    job: id,
    status: 'completed',
    rows: { total: 150, succeeded: 150, failed: 0 },
  });
  expect(manifest.model.hash).toBe(job.model_hash);
  const listed = manifest.parts.map((p: { name: string }) => p.name);
  expect(listed).toEqual(
    readdirSync(job.output)
      .filter((n) => n.startsWith('part-'))
      .sort(),
  );
  for (const part of manifest.parts) {
    expect(
      createHash('sha256')
        .update(readFileSync(join(job.output, part.name)))
        .digest('hex'),
    ).toBe(part.sha256);
  }
  expect(existsSync(join(job.output, '_staging'))).toBe(false);
});

it('a job gives the same rows with any batch size and block size', async () => {
  const parts: string[] = [];
  for (const options of [
    { batch_size: 1 },
    { batch_size: 16, block_rows: 7 },
    { batch_size: 5, block_rows: 64 },
  ]) {
    const { id } = await service.submit({ input: { type: 'files', path: 'many' }, options });
    const job = await service.ended(id);
    parts.push(
      readOutput(job.output)
        .map((row) => JSON.stringify(row))
        .join('\n'),
    );
  }
  expect(parts[1]).toBe(parts[0]);
  expect(parts[2]).toBe(parts[0]);
});

it('a job takes inline rows, and a bad one fails only itself', async () => {
  const data = (await colourImage(1)).toString('base64');
  const rows = [
    { id: 'good', data },
    { id: 'bad', data: Buffer.from('no image').toString('base64') },
    { id: 'good', data },
  ];
  const { id } = await service.submit({ input: { type: 'inline', rows }, options: { top_k: 1 } });
  const job = await service.ended(id);
  expect(job).toMatchObject({ status: 'completed', rows: { total: 3, succeeded: 2, failed: 1 } });
  expect(readOutput(job.output).map((r) => [r.index, r.id, r.predictions![0]!.label])).toEqual([
    [0, 'good', 'green'],
    [2, 'good', 'green'],
  ]);
  expect(readOutput(job.output, 'errors')).toMatchObject([
    { index: 1, id: 'bad', error: { code: 'unsupported_format' } },
  ]);
  // The bad row may be retried, so the rows are kept. A job without a bad row keeps none.
  const spooled = () => readdirSync(join(service.folder, 'data', 'spool')).sort();
  expect(spooled()).toEqual([`${id}.inline.blob`, `${id}.inline.jsonl`]);
  const whole = await service.submit({ input: { type: 'inline', rows: [rows[0]!] } });
  await service.ended(whole.id);
  expect(spooled()).toEqual([`${id}.inline.blob`, `${id}.inline.jsonl`]);
});

it('a job takes a manifest of paths and JSON lines', async () => {
  const lines = [
    'many/000001.png',
    JSON.stringify({ id: 'named', uri: 'many/000002.png' }),
    'many/missing.png',
    'http://127.0.0.1:9/x.png',
    '../outside.png',
  ];
  writeFileSync(join(service.input, 'rows.txt'), `${lines.join('\n')}\n`);
  const { id } = await service.submit({ input: { type: 'manifest', path: 'rows.txt' } });
  const job = await service.ended(id);
  expect(readOutput(job.output).map((r) => [r.id, r.predictions![0]!.label])).toEqual([
    ['many/000001.png', 'green'],
    ['named', 'blue'],
  ]);
  const codes = Object.fromEntries(readOutput(job.output, 'errors').map((r) => [r.id, r.error!.code]));
  expect(codes).toMatchObject({
    'many/missing.png': 'file_not_found',
    'http://127.0.0.1:9/x.png': 'url_not_allowed',
  });
  expect(['path_not_allowed', 'file_not_found']).toContain(codes['../outside.png']);
});

it('a job stops at its limit', async () => {
  const { id } = await service.submit({
    input: { type: 'files', path: 'many' },
    options: { limit: 10, block_rows: 4 },
  });
  const job = await service.ended(id);
  expect(job.rows).toEqual({ total: 10, succeeded: 10, failed: 0, adopted: 0 });
  expect(indexes(readOutput(job.output))).toEqual(upTo(10));
});

it('the output of a job with a limit can be resumed without a limit, but not with a smaller one', async () => {
  const body = { input: { type: 'files', path: 'many' }, output: service.out('first-try') };
  const first = await service.submit({ ...body, options: { limit: 10, block_rows: 4 } });
  await service.ended(first.id);
  const all = await service.submit({ ...body, options: { if_output_exists: 'resume' } });
  expect(await service.ended(all.id)).toMatchObject({
    status: 'completed',
    rows: { total: 150, succeeded: 150 },
  });
  expect(indexes(readOutput(service.out('first-try')))).toEqual(upTo(150));
  const less = await service.post('/v1/jobs', {
    model: 'tiny',
    ...body,
    options: { if_output_exists: 'resume', limit: 5 },
  });
  expect(await less.json()).toMatchObject({ status: 409, code: 'resume_mismatch' });
});

it('a resumed job reports the rate of the rows that it computed, and how many it adopted', async () => {
  const body = { input: { type: 'files', path: 'many' }, output: service.out('rate') };
  const first = await service.submit({ ...body, options: { limit: 140, block_rows: 4 } });
  expect((await service.ended(first.id)).rows.adopted).toBe(0);
  const more = await service.submit({ ...body, options: { if_output_exists: 'resume' } });
  const job = await service.ended(more.id);
  expect(job.rows).toEqual({ total: 150, succeeded: 150, failed: 0, adopted: 140 });
  // The rate is measured between the manifest's two times: the first read and the last commit.
  const manifest = JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8')) as JobWire;
  const seconds = (Date.parse(manifest.finished_at!) - Date.parse(manifest.started_at!)) / 1000;
  for (const { throughput } of [job, manifest]) expect(throughput.rows_per_s! * seconds).toBeCloseTo(10, 0);

  const again = await service.submit({ ...body, options: { if_output_exists: 'resume' } });
  expect(await service.ended(again.id)).toMatchObject({
    rows: { succeeded: 150, adopted: 150 },
    throughput: { rows_per_s: null },
  });
});

it('a job decodes in the mode that it requests, and can be resumed only in that mode', async () => {
  const body = { model: 'tiny', input: { type: 'files', path: 'many' }, output: service.out('decoded') };
  const first = await service.submit({ ...body, options: { limit: 3, decode: 'exact' } });
  expect(await service.ended(first.id)).toMatchObject({ status: 'completed', options: { decode: 'exact' } });
  const other = { if_output_exists: 'resume', decode: 'fast' };
  const refused = await service.post('/v1/jobs', { ...body, options: other });
  expect(await refused.json()).toMatchObject({ status: 409, code: 'resume_mismatch' });
  // Without the option, decoding follows the config, which is the same here.
  const same = await service.submit({ ...body, options: { if_output_exists: 'resume', limit: 6 } });
  expect(await service.ended(same.id)).toMatchObject({ status: 'completed', options: { decode: null } });
});

describe('a job', () => {
  it('completes without rows for an empty folder, with the reason empty_dataset', async () => {
    mkdirSync(join(service.input, 'empty'), { recursive: true });
    const { id } = await service.submit({ input: { type: 'files', path: 'empty' } });
    expect(await service.ended(id)).toMatchObject({
      status: 'completed',
      reason: 'empty_dataset',
      rows: { total: 0 },
    });
  });

  it('fails when every row failed', async () => {
    writeFileSync(join(service.input, 'all-bad.txt'), 'a.png\nb.png\n');
    const { id } = await service.submit({ input: { type: 'manifest', path: 'all-bad.txt' } });
    const job = await service.ended(id);
    expect(job).toMatchObject({
      status: 'failed',
      error: {
        code: 'all_rows_failed',
        message: expect.stringContaining('No row succeeded, 2 failed.') as string,
      },
      rows: { failed: 2 },
    });
    expect(JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8')).status).toBe('failed');
  });

  it('fails when somebody deletes a part before it ends', async () => {
    const { id } = await service.submit({
      input: { type: 'files', path: 'many' },
      options: { block_rows: 1, concurrency: 1 },
    });
    const { output } = await service.until(id, 'some parts', (job) => job.blocks.done > 3);
    await service.post(`/v1/jobs/${id}/pause`, {});
    rmSync(join(output, 'part-00000001.jsonl'));
    await service.post(`/v1/jobs/${id}/resume`, {});
    const job = await service.ended(id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'storage_unavailable' } });
    expect(job.error!.message).toContain('part-00000001.jsonl');
  });

  it('fails beyond max_errors and keeps its committed rows', async () => {
    const lines = upTo(400).map((i) =>
      i % 4 === 0 ? 'missing.png' : `many/${String(i % 150).padStart(6, '0')}.png`,
    );
    writeFileSync(join(service.input, 'quarter.txt'), lines.join('\n'));
    const { id } = await service.submit({
      input: { type: 'manifest', path: 'quarter.txt' },
      options: { max_errors: '10%', block_rows: 4, concurrency: 2 },
    });
    const job = await service.ended(id);
    expect(job).toMatchObject({ status: 'failed', error: { code: 'too_many_errors' } });
    expect(job.rows.succeeded + job.rows.failed).toBeLessThan(400);
    expect(readOutput(job.output)).toHaveLength(job.rows.succeeded);
    expect(readOutput(job.output, 'errors')).toHaveLength(job.rows.failed);
  });
});

it('an output is refused if it is not empty, or if it is outside the roots', async () => {
  const submit = async (output: string, options = {}) =>
    service.post('/v1/jobs', { model: 'tiny', input: { type: 'files', path: 'many' }, output, options });
  const { id } = (await (await submit(service.out('taken'))).json()) as JobWire;
  await service.ended(id);
  expect(await (await submit(service.out('taken'))).json()).toMatchObject({ code: 'output_not_empty' });
  expect(await (await submit('/etc/forebay-out')).json()).toMatchObject({ code: 'path_not_allowed' });
  expect((await submit(service.out('taken'), { if_output_exists: 'overwrite' })).status).toBe(202);
});
