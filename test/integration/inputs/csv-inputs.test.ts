// Jobs whose rows are in a CSV file: a real API and worker.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PLAN } from '#forebay/api/http/wire/plan.js';
import { sumGraph } from '../../support/onnx/tabular-models.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { LABELS, readOutput, startService, upTo, writeImages, type Service } from '../../support/service.ts';

const ROWS = 500;
let service: Service;
beforeAll(async () => {
  service = await startService();
  const model = join(service.models, 'sum');
  mkdirSync(model);
  writeFileSync(join(model, 'model.onnx'), sumGraph());
  const columns = ['a', 'b', { name: 'c', missing: 'zero' }];
  writeFileSync(join(model, 'model.json'), JSON.stringify({ name: 'sum', task: 'tabular', columns }));
  await writeImages(join(service.input, 'images'), 3);
});
afterAll(async () => service.close());

function write(name: string, text: string): string {
  writeFileSync(join(service.input, name), text);
  return name;
}

it('each row is answered, a bad one is an error with its line, and a retry reads the corrected file', async () => {
  const lines = upTo(ROWS).map((i) => `${i % 2 ? `"note\n${i}"` : ''},${i},${i % 7},`);
  const good = ['note,first,b,c', ...lines].join('\r\n');
  const bad = [...lines];
  bad[100] = ',"100,2,';
  bad[200] = ',200,x,';
  bad[300] = ',300,6';
  const path = write('numbers.csv', ['note,first,b,c', ...bad].join('\r\n'));
  const submitted = await service.submit({
    model: 'sum',
    input: { type: 'csv', path, columns: { a: 'first' } },
    options: { block_rows: 64 },
  });
  const job = await service.ended(submitted.id);
  expect(job).toMatchObject({ status: 'completed', rows: { succeeded: ROWS - 3, failed: 3 } });
  const values = (numbers: readonly number[]) =>
    numbers.map((i) => ({ index: i, id: String(i), value: 100 * i + 10 * (i % 7) }));
  const failed = [100, 200, 300];
  expect(readOutput(job.output)).toEqual(values(upTo(ROWS).filter((i) => !failed.includes(i))));
  // Every second row before a bad one takes two lines.
  expect(readOutput(job.output, 'errors').map(({ index, error }) => [index, error!.message])).toEqual([
    [100, expect.stringContaining('line 152, column 2 ("first") has a quote that is not closed')],
    [200, expect.stringContaining('column "b" is the string "x"')],
    [300, 'line 452 has 3 of 4 values: column 4 ("c") is missing'],
  ]);

  writeFileSync(join(service.input, path), good);
  const response = await service.post(`/v1/jobs/${job.id}/retry`, {});
  const retried = await service.ended(((await response.json()) as { id: string }).id);
  expect(retried).toMatchObject({ status: 'completed', rows: { succeeded: 3, failed: 0 } });
  expect(readOutput(job.output).slice(-3)).toEqual(values(failed));
});

it('a column names images, by their paths or with their bytes, and another one the rows', async () => {
  const bytes = readFileSync(join(service.input, 'images', '000002.png')).toString('base64');
  const rows = ['key\tpicture', 'x\timages/000000.png', `7\t${bytes}`, 'y\tnone.png'];
  const path = write('images.tsv', `${rows.join('\n')}\n`);
  const { id } = await service.submit({
    input: { type: 'csv', path, columns: { image: 'picture', id: 'key' } },
  });
  const { output } = await service.ended(id);
  expect(readOutput(output).map((row) => [row.id, row.predictions![0]!.label])).toEqual([
    ['x', LABELS[0]],
    ['7', LABELS[2]],
  ]);
  expect(readOutput(output, 'errors')).toMatchObject([{ id: 'y', error: { code: 'file_not_found' } }]);
});

it('a folder of files is one table: a wrong file ends the job, a resume goes on, and a retry finds its rows', async () => {
  mkdirSync(join(service.input, 'parts'));
  write('parts/_SUCCESS', '');
  const part = (name: string, text: string) => write(`parts/${name}.csv`, `a,b,c\n${text}\n`);
  part('a', '1,0,0\n2,0,0\n3,0,0');
  part('b', '4,0,0\n5,x,0');
  write('parts/c.csv', 'a,c\n6,0\n');
  part('d', '7,0,0');
  const body = { model: 'sum', input: { type: 'csv', path: 'parts' }, output: service.out('parts') };
  const options = { block_rows: 2 };
  const failed = await service.ended((await service.submit({ ...body, options })).id);
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'input_unreadable' } });
  expect(JSON.stringify(failed)).toContain('parts/c.csv has no column \\"b\\", which the job reads');

  part('c', '6,0,0');
  const resumed = async () => {
    const { id } = await service.submit({ ...body, options: { ...options, if_output_exists: 'resume' } });
    return service.ended(id);
  };
  const done = { status: 'completed', rows: { succeeded: 6, failed: 1 } };
  expect(await resumed()).toMatchObject(done);
  // The rows of the other files would move to other blocks.
  part('0', '0,0,0');
  expect(await resumed()).toMatchObject({ status: 'failed', error: { code: 'dataset_changed' } });
  rmSync(join(service.input, 'parts/0.csv'));
  const again = await resumed();
  expect(again).toMatchObject(done);
  expect(readOutput(body.output).map(({ id }) => id)).toEqual([
    'a.csv/0',
    'a.csv/1',
    'a.csv/2',
    'b.csv/0',
    'c.csv/0',
    'd.csv/0',
  ]);
  part('b', '4,0,0\n5,0,0');
  const response = await service.post(`/v1/jobs/${again.id}/retry`, {});
  const { id } = (await response.json()) as { id: string };
  expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { succeeded: 1, failed: 0 } });
  expect(readOutput(body.output).at(-1)).toMatchObject({ index: 4, id: 'b.csv/1' });
});

it('a plan runs slices of a table, as a job would, and not row by row', async () => {
  const rows = upTo(2000).map((i) => `${i},1,${i % 500 === 7 ? 'x' : 2}`);
  const path = write('plan.csv', ['a,b,c', ...rows].join('\n'));
  const input = { type: 'csv', path };
  // Until a worker has found the model, a plan has no sample.
  const sample = await waitUntil('a sample', async () => {
    const response = await service.post('/v1/plan', { model: 'sum', input, options: { block_rows: 500 } });
    return PLAN.parse(await response.json()).sample;
  });
  // Of rows that are read one by one, a sample has at most 256.
  expect(sample.rows).toBeGreaterThan(256);
  expect(sample.errors).toMatchObject([{ code: 'invalid_row', rows: sample.failed_rows }]);
});

it('a file that cannot be a table of the model is refused', async () => {
  const refusal = async (text: string, more: object = {}) => {
    const input = { type: 'csv', path: write('refused.csv', text), ...more };
    const response = await service.post('/v1/jobs', { model: 'sum', input });
    const { code, detail } = (await response.json()) as { code: string; detail: string };
    return `${response.status} ${code}: ${detail}`;
  };
  expect(await refusal('a,B\n')).toContain('400 invalid_request: ');
  expect(await refusal('a,B\n')).toContain('the model needs the field "b"');
  expect(await refusal('a,b,a\n')).toContain('names the columns 1 and 3 both "a"');
  expect(await refusal('a,b\n', { delimiter: '""' })).toContain('invalid_request');
});
