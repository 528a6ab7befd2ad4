// Jobs on Parquet files: images in a column of bytes, a tabular model, and rows that fail and run again.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeModelFolder } from '../../support/onnx/models.ts';
import { sumGraph } from '../../support/onnx/tabular-models.ts';
import { fixture } from '../../support/parquet-rows.ts';
import {
  colourImage,
  indexes,
  readOutput,
  startService,
  type OutputRow,
  type Service,
} from '../../support/service.ts';

let service: Service;
beforeAll(async () => {
  service = await startService();
  const config = { name: 'sum', task: 'tabular', columns: ['a', 'b', 'c'] };
  writeModelFolder(join(service.models, 'sum'), sumGraph(), config);
  for (const name of ['images', 'plain-zstd']) {
    copyFileSync(fixture(name), join(service.input, `${name}.parquet`));
  }
});
afterAll(async () => service.close());

it('images are bytes or paths, and failed rows run again', async () => {
  const first = await service.submit({
    input: { type: 'parquet', path: 'images.parquet' },
    options: { block_rows: 3 },
  });
  const job = await service.ended(first.id);
  expect(job).toMatchObject({ rows: { total: 5, succeeded: 2, failed: 3 } });
  const labels = readOutput(job.output).map(({ predictions }) => predictions![0]!.label);
  expect(labels).toEqual(['red', 'blue']);
  expect(readOutput(job.output, 'errors')).toMatchObject([
    { index: 2, error: { code: 'file_not_found' } },
    { index: 3, error: { code: 'invalid_row' } },
    { index: 4, error: { code: 'invalid_row' } },
  ]);

  mkdirSync(join(service.input, 'far'));
  writeFileSync(join(service.input, 'far/away.jpg'), await colourImage(1));
  const response = await service.post(`/v1/jobs/${first.id}/retry`, {});
  const { id } = (await response.json()) as { id: string };
  expect(await service.ended(id)).toMatchObject({ rows: { total: 3, succeeded: 1, failed: 2 } });
  expect(indexes(readOutput(job.output))).toEqual([0, 1, 2]);
});

it('columns of numbers feed a tabular model', async () => {
  const input = { type: 'parquet', path: 'plain-zstd.parquet', columns: { a: 'n', b: 'n', c: 'n' } };
  const { id } = await service.submit({ model: 'sum', input, options: { block_rows: 30 } });
  const job = await service.ended(id);
  expect(job).toMatchObject({ status: 'completed', rows: { total: 100, succeeded: 100 } });
  const rows = readOutput(job.output);
  expect(rows.map(({ index, id: name, predictions }) => [index, name, predictions![0]!.score])).toEqual(
    Array.from({ length: 100 }, (_, i) => [i, `row-${i}`, i * 111]),
  );
});

it('a table has the same results and errors as Parquet, CSV and JSONL, with its ids and joined columns', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => {
    const word = ['red', 'green', 'blue "dark"', 'ünicode'][i % 4];
    return { id: `row-${i}`, x: i % 7 === 3 ? null : i / 4, n: i, word, ok: i % 3 === 0 };
  });
  const csv = rows.map(
    ({ id, x, n, word, ok }) => `${id},${x ?? ''},${n},"${word!.replaceAll('"', '""')}",${ok}`,
  );
  writeFileSync(join(service.input, 'plain.csv'), ['id,x,n,word,ok', ...csv].join('\n'));
  writeFileSync(join(service.input, 'plain.jsonl'), rows.map((row) => JSON.stringify(row)).join('\n'));
  const [parquet, ...others] = await Promise.all(
    [
      ['parquet', 'plain-zstd.parquet'],
      ['csv', 'plain.csv'],
      ['jsonl', 'plain.jsonl'],
    ].map(async ([type, path]) => {
      const input = { type, path, columns: { a: 'x', b: 'ok', c: 'n' } };
      const output = { path: `same-${type}`, join: ['word'], select: ['id', 'word', 'score'] };
      const { id } = await service.submit({ model: 'sum', input, output, options: { block_rows: 30 } });
      const job = await service.ended(id);
      expect(job).toMatchObject({ rows: { total: 100, succeeded: 86, failed: 14 } });
      return { results: readOutput(job.output), errors: readOutput(job.output, 'errors') };
    }),
  );
  expect(parquet!.results.slice(0, 3)).toMatchObject([
    { id: 'row-0', word: 'red', score: 10 },
    { id: 'row-1', word: 'green', score: 26 },
    { id: 'row-2', word: 'blue "dark"', score: 52 },
  ]);
  // The header of CSV is a line, lines count from 1, and rows of Parquet from 0.
  const places = ['row 3', 'line 5', 'line 4'];
  for (const [n, { results, errors }] of [parquet!, ...others].entries()) {
    expect(results).toEqual(parquet!.results);
    expect(errors).toEqual(
      parquet!.errors.map((row, at) => ({ ...row, error: errorAt(places[n]!, at, row.error!) })),
    );
  }
});

/** `first`: the place of the first error. Each of the others is seven rows later. */
function errorAt(first: string, at: number, { code, message }: NonNullable<OutputRow['error']>) {
  const [unit, number] = first.split(' ');
  return { code, message: message.replace(/^row \d+/, `${unit} ${Number(number) + 7 * at}`) };
}

it('a file that is no Parquet file is refused', async () => {
  writeFileSync(join(service.input, 'text.parquet'), 'this is text, whatever the name says');
  const response = await service.post('/v1/jobs', {
    model: 'tiny',
    input: { type: 'parquet', path: 'text.parquet' },
  });
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({
    code: 'input_unreadable',
    detail: expect.stringMatching(/is not a Parquet file/) as string,
  });
});
