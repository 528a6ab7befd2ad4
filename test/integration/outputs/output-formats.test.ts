// Jobs that write CSV and Parquet, on the real service: results, errors, retry, resume and _SUCCESS.
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { jsonOfPython, python } from '../../support/python.ts';
import { openReruns, type Reruns } from '../../support/reruns.ts';
import { indexes, startService, upTo, type Service } from '../../support/service.ts';

let service: Service;
let reruns: Reruns;
beforeAll(async () => {
  service = await startService();
  reruns = await openReruns(service);
});
afterAll(async () => service.close());

const parts = (folder: string) => readdirSync(folder).filter((name) => name.startsWith('part-'));
const hasSuccess = (folder: string) => existsSync(join(folder, '_SUCCESS'));
const manifest = (folder: string) =>
  JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
    format: string;
    parts: { name: string; rows: number }[];
  };
async function results(id: string, query = ''): Promise<string> {
  return (await service.request(`/v1/jobs/${id}/results${query}`)).text();
}
async function run(body: Record<string, unknown>) {
  return service.ended((await service.submit(body)).id);
}

it('a CSV output has the rows of a JSONL output, and a retry adds parts to it', async () => {
  const { input, repair } = reruns.writeRows('some', 30, (i) => [3, 11].includes(i));
  const options = { block_rows: 4 };
  const lines = await run({ input, options });
  const first = await run({ input, options, output: { path: service.out('csv'), format: 'csv' } });
  expect([lines.output_format, first]).toMatchObject([
    'jsonl',
    {
      status: 'completed',
      output: service.out('csv'),
      output_format: 'csv',
      rows: { succeeded: 28, failed: 2 },
    },
  ]);
  const text = readFileSync(join(first.output, 'part-00000000.csv'), 'utf8').split('\n');
  expect(text[0]).toBe('index,id,label,score,predictions');
  expect(text[1]).toMatch(/^0,row-0,red,0\.\d+,"\[\{""index"":0,""label"":""red"",""score"":0\.\d+\},/);
  for (const query of ['', '?include=errors', '?include=errors&from_row=10', '?from_row=29']) {
    expect(await results(first.id, query)).toBe(await results(lines.id, query));
  }
  expect(manifest(first.output)).toMatchObject({ format: 'csv', parts: { length: 8 } });
  expect(hasSuccess(first.output)).toBe(true);
  const writtenAt = (name: string) => statSync(join(first.output, name)).mtimeMs;
  expect(writtenAt('_SUCCESS')).toBeGreaterThanOrEqual(writtenAt('manifest.json'));
  expect(statSync(join(first.output, '_SUCCESS')).size).toBe(0);

  repair(3);
  const second = await service.ended((await reruns.retry(first.id)).id);
  expect(second).toMatchObject({ output_format: 'csv', rows: { succeeded: 1, failed: 1 } });
  expect(parts(first.output).at(-1)).toBe('part-00000008.csv');
  expect(indexes((await reruns.rowsOf(second.id, '?include=errors')).rows)).toEqual([3, 11]);
  expect(hasSuccess(first.output)).toBe(true);
});

it('a Parquet output is resumed after Redis loses everything, in its own format', async () => {
  const { input } = reruns.writeRows('whole', 40, (i) => i === 7);
  const output = service.out('parquet');
  const options = { block_rows: 8 };
  const lines = await run({ input, options });
  const expected = await results(lines.id, '?include=errors');
  const first = await run({ input, options, output: { path: output, format: 'parquet' } });
  expect(await results(first.id, '?include=errors')).toBe(expected);
  for (const name of ['part-00000002.parquet', 'manifest.json']) rmSync(join(output, name));
  await reruns.loseRedis();

  const again = { model: 'tiny', input, options: { ...options, if_output_exists: 'resume' } };
  for (const path of ['/v1/jobs', '/v1/plan']) {
    expect(await reruns.refused(path, { ...again, output: { path: output, format: 'csv' } })).toEqual([
      409,
      'resume_mismatch',
      expect.stringContaining('holds parquet parts, and the request asks for csv'),
    ]);
  }
  expect(hasSuccess(output)).toBe(true);
  const second = await run({ ...again, output });
  expect(second).toMatchObject({
    status: 'completed',
    output_format: 'parquet',
    rows: { total: 40, succeeded: 39, failed: 1, adopted: 32 },
  });
  expect(await results(second.id, '?include=errors')).toBe(expected);
  expect(manifest(output).parts.map(({ rows }) => rows)).toEqual([7, 8, 8, 8, 8]);
  expect(hasSuccess(output)).toBe(true);
});

it('a job that replaces an output of another format leaves none of its parts', async () => {
  const { input } = reruns.writeRows('other', 6, () => false);
  const output = service.out('other');
  await run({ input, output: { path: output, format: 'parquet' } });
  const bad = reruns.writeRows('bad', 6, (i) => i < 5);
  const options = { if_output_exists: 'overwrite', max_errors: 1 };
  const failed = await run({ input: bad.input, output, options });
  expect([failed.status, parts(output), hasSuccess(output)]).toEqual([
    'failed',
    ['part-00000000.jsonl'],
    false,
  ]);
});

it.skipIf(python === undefined)(
  'pandas, Polars and DuckDB read the parts (needs FOREBAY_TEST_PYTHON)',
  async () => {
    const { input } = reruns.writeRows('readers', 20, () => false);
    for (const format of ['csv', 'parquet']) {
      const output = service.out(`readers-${format}`);
      await run({ input, output: { path: output, format }, options: { block_rows: 8 } });
      const read = `
import duckdb, glob, json, pandas, polars, sys
parts = sys.argv[1] + '/part-*.${format}'
frames = pandas.concat(pandas.read_${format}(part) for part in sorted(glob.glob(parts)))
table = polars.read_${format}(parts).sort('index')
rows = duckdb.sql(f"select index, label from '{parts}' order by index").fetchall()
print(json.dumps([frames['index'].tolist(), frames['label'].tolist(), table['index'].to_list(),
  table['label'].to_list(), [row[0] for row in rows], [row[1] for row in rows]]))`;
      const labels = upTo(20).map((i) => ['red', 'green', 'blue'][i % 3]);
      expect(await jsonOfPython('-c', read, output)).toEqual([
        upTo(20),
        labels,
        upTo(20),
        labels,
        upTo(20),
        labels,
      ]);
    }
  },
);
