// Jobs on records, which are lines of a JSONL file or come with the request. Blocks of a JSONL file are slices.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
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

const ROWS = 200;
let service: Service;
/** Serves an image of label i as `/i.png`. */
const pictures = createServer((request, response) => {
  const [, label] = /^\/(\d)\.png$/.exec(request.url!) ?? [];
  if (label === undefined) response.writeHead(404).end();
  else void colourImage(Number(label)).then((bytes) => response.end(bytes));
});
beforeAll(async () => {
  await new Promise<void>((resolve) => pictures.listen(0, '127.0.0.1', resolve));
  service = await startService({ env: { FOREBAY_FETCH_ALLOW: '127.0.0.1' } });
  await writeImages(join(service.input, 'many'), ROWS);
});
afterAll(async () => {
  await service.close();
  pictures.close();
});

const image = (i: number) => `many/${String(i).padStart(6, '0')}.png`;

function writeRecords(name: string, lines: readonly string[]): string {
  const path = join(service.input, name);
  writeFileSync(path, `${lines.join('\n')}\n`);
  return path;
}

it('every record of a JSONL file is answered in order, and bad lines fail alone', async () => {
  const lines = upTo(ROWS).map((i) => JSON.stringify({ id: `row ${i}`, image: image(i), other: [i] }));
  lines[10] = '{"id":"no image"}';
  lines[20] = 'not JSON';
  writeRecords('rows.jsonl', lines);
  const { id } = await service.submit({
    input: { type: 'jsonl', path: 'rows.jsonl' },
    options: { block_rows: 16, batch_size: 5 },
  });
  const job = await service.ended(id);
  expect(job).toMatchObject({
    status: 'completed',
    rows: { total: ROWS, succeeded: ROWS - 2, failed: 2 },
    input: { type: 'jsonl', path: 'rows.jsonl' },
  });
  const rows = readOutput(job.output);
  expect(indexes(rows)).toEqual(upTo(ROWS).filter((i) => i !== 10 && i !== 20));
  for (const row of rows) {
    expect(row.id).toBe(`row ${row.index}`);
    expect(row.predictions![0]!.label).toBe(LABELS[row.index % 3]);
  }
  expect(readOutput(job.output, 'errors')).toMatchObject([
    { index: 10, id: 'no image', error: { code: 'invalid_row' } },
    {
      index: 20,
      id: '20',
      error: { code: 'invalid_row', message: expect.stringMatching(/^line 21 is not JSON/) },
    },
  ]);
});

it('a cancelled job of records is resumed from its parts, and gives the same rows', async () => {
  writeRecords(
    'long.jsonl',
    upTo(ROWS).map((i) => JSON.stringify({ image: image(i) })),
  );
  const body = {
    input: { type: 'jsonl', path: 'long.jsonl' },
    output: service.out('long'),
    options: { block_rows: 4 },
  };
  const first = await service.submit(body);
  await service.until(first.id, 'some rows', ({ rows }) => rows.succeeded > 0);
  await service.post(`/v1/jobs/${first.id}/cancel`, {});
  await service.ended(first.id);
  const second = await service.submit({ ...body, options: { block_rows: 4, if_output_exists: 'resume' } });
  const job = await service.ended(second.id);
  expect(job).toMatchObject({ status: 'completed', rows: { total: ROWS, succeeded: ROWS } });
  expect(job.rows.adopted).toBeGreaterThan(0);
  expect(readOutput(job.output).map(({ index, id }) => [index, id])).toEqual(
    upTo(ROWS).map((i) => [i, String(i)]),
  );
});

it('a limit cuts the last slice', async () => {
  const path = writeRecords(
    'limited.jsonl',
    upTo(50).map((i) => JSON.stringify({ image: image(i) })),
  );
  const { id } = await service.submit({
    input: { type: 'jsonl', path },
    options: { block_rows: 16, limit: 21 },
  });
  const job = await service.ended(id);
  expect(job.rows).toMatchObject({ succeeded: 21 });
  expect(indexes(readOutput(job.output))).toEqual(upTo(21));
});

it('the failed rows of a job of records are run again', async () => {
  const path = writeRecords(
    'retried.jsonl',
    [0, 1, 2].map((i) => JSON.stringify({ id: `r${i}`, image: i === 1 ? 'late.png' : image(i) })),
  );
  const first = await service.submit({ input: { type: 'jsonl', path } });
  expect(await service.ended(first.id)).toMatchObject({ rows: { succeeded: 2, failed: 1 } });
  writeFileSync(join(service.input, 'late.png'), readFileSync(join(service.input, image(1))));
  const response = await service.post(`/v1/jobs/${first.id}/retry`, {});
  const retry = (await response.json()) as { id: string };
  const job = await service.ended(retry.id);
  expect(job).toMatchObject({ status: 'completed', rows: { succeeded: 1, failed: 0 } });
  expect(readOutput(job.output).find(({ id }) => id === 'r1')!.predictions![0]!.label).toBe(LABELS[1]);
});

it('a job fails with dataset_changed if its file changes while it is read', async () => {
  await service.stopWorkers();
  const path = writeRecords(
    'changing.jsonl',
    upTo(50).map((i) => JSON.stringify({ image: image(i) })),
  );
  const { id } = await service.submit({ input: { type: 'jsonl', path }, options: { block_rows: 10 } });
  await service.until(id, 'queued blocks', ({ blocks }) => blocks.queued > 0);
  appendFileSync(path, '{"image":"many/000000.png"}\n');
  await service.startWorker();
  const job = await service.ended(id);
  expect(job).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('has changed') } });
});

it('records of a request name their images by URL, and a path is an error', async () => {
  const { port } = pictures.address() as AddressInfo;
  const url = (name: string) => `http://127.0.0.1:${port}/${name}`;
  const rows = [
    { id: 'a', image: url('1.png') },
    { image: image(1) },
    { id: 'c', image: url('2.png') },
    { id: 'd', image: url('gone') },
  ];
  const { id } = await service.submit({ input: { type: 'inline', rows } });
  const job = await service.ended(id);
  expect(readOutput(job.output).map((row) => [row.index, row.id, row.predictions![0]!.label])).toEqual([
    [0, 'a', LABELS[1]],
    [2, 'c', LABELS[2]],
  ]);
  const errors = readOutput(job.output, 'errors');
  expect(errors.map((row) => [row.index, row.id, row.error!.code])).toEqual([
    [1, '1', 'invalid_row'],
    [3, 'd', 'fetch_status'],
  ]);
  expect(errors[0]!.error!.message).toContain('must be a URL');
});

it('a row of a request has bytes or fields, and not both', async () => {
  const refused = async (row: object) => {
    const response = await service.post('/v1/jobs', {
      model: 'tiny',
      input: { type: 'inline', rows: [row] },
    });
    const { errors } = (await response.json()) as { errors: { path: string; message: string }[] };
    return [response.status, errors[0]!.path, errors[0]!.message];
  };
  expect(await refused({ id: 'a' })).toEqual([
    400,
    '/input/rows/0/data',
    expect.stringContaining('or fields'),
  ]);
  expect(await refused({ id: 'a', data: 'AAAA', text: 'b' })).toEqual([
    400,
    '/input/rows/0/text',
    expect.stringContaining('no other fields'),
  ]);
  expect(await refused({ data: 'AAAA' })).toEqual([400, '/input/rows/0/id', 'is missing (an id is needed)']);
});
