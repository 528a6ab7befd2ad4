// Jobs whose parts become files at the end, on the real service: a killed worker, results, refusals, and readers of
// data.
import { copyFileSync, mkdirSync, readFileSync, rmSync, utimesSync, watch } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { manifestOfFiles as manifestOf, namesIn } from '../../support/compacted.ts';
import { jsonOfPython, python } from '../../support/python.ts';
import { replacements, type Replacements } from '../../support/replacements.ts';
import { openReruns, type Reruns } from '../../support/reruns.ts';
import { indexes, LABELS, startService, upTo, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

/** Each task takes some turns of the feeder, so a worker can be killed between them. */
const TASKS = 20;
const ROWS = 120;

let service: Service;
let reruns: Reruns;
let replace: Replacements;
let worker: Awaited<ReturnType<Service['startWorker']>>;
/** Its worker was killed while it wrote files. The next worker gets its task when the lock expires. */
let killed: JobWire;
let left: string[];
beforeAll(async () => {
  service = await startService({ workers: 0 });
  reruns = await openReruns(service);
  replace = replacements(service);
  worker = await service.startWorker();
  const { input } = reruns.writeRows('killed', ROWS, (i) => i % 50 === 7);
  const output = {
    path: service.out('killed'),
    format: 'parquet',
    compact: { files: TASKS },
    partition_by: 'label',
  };
  killed = await service.submit({ input, output, options: { block_rows: 2 } });
  await waitUntil('a file', () => namesIn(killed.output).includes('_compact-00000000.jsonl'));
  worker.kill('SIGKILL');
  left = namesIn(killed.output);
  worker = await replace.worker();
}, 60_000);
afterAll(async () => {
  replace.close();
  await service.close();
});

const results = async (id: string, query = '') =>
  (await service.request(`/v1/jobs/${id}/results${query}`)).text();
const run = async (body: Record<string, unknown>) => service.ended((await service.submit(body)).id);

it('makes files in the order of the rows, with the same results, and no job resumes them', async () => {
  const { input } = reruns.writeRows('some', 40, (i) => [3, 11].includes(i));
  const options = { block_rows: 4 };
  const plain = await run({ input, options });
  const output = service.out('files');
  const job = await run({ input, options, output: { path: output, compact: { files: 3 } } });
  expect(job).toMatchObject({
    status: 'completed',
    output_compact: { files: 3, partition_by: null },
    blocks: { done: 10 },
  });
  expect(namesIn(output)).toEqual([
    '_SUCCESS',
    'data/compact-00000000.jsonl',
    'data/compact-00000001.jsonl',
    'data/compact-00000002.jsonl',
    'errors-00000000.jsonl',
    'errors-00000002.jsonl',
    'job.json',
    'manifest.json',
  ]);
  const manifest = manifestOf(job);
  expect([manifest.version, manifest.compact]).toEqual([3, { files: 3, partition_by: null }]);
  expect(manifest.parts.map(({ rows }) => rows)).toEqual([10, 12, 16]);
  expect(manifest.errors.map(({ rows }) => rows)).toEqual([1, 1]);
  expect(manifest.errors_by_code).toEqual({ file_not_found: 2 });
  const text = manifest.parts.map(({ name }) => readFileSync(join(output, name), 'utf8')).join('');
  expect(text).toBe(await results(plain.id));
  for (const query of [
    '',
    '?include=errors',
    '?include=errors&from_row=10',
    '?from_row=39',
    '?follow=true&from_row=20',
  ]) {
    expect(await results(job.id, query)).toBe(await results(plain.id, query));
  }

  const compacted = [409, 'output_compacted', expect.stringContaining('its parts have become larger files')];
  expect(await reruns.refused('/v1/jobs/resume', { output })).toEqual(compacted);
  const again = { model: 'tiny', input, output };
  expect(await reruns.refused('/v1/jobs', { ...again, options: { if_output_exists: 'resume' } })).toEqual(
    compacted,
  );
  const files = { model: 'tiny', input: { type: 'files', path: 'images' }, output: service.out('delta') };
  expect(await reruns.refused('/v1/jobs', { ...files, delta: { previous: output } })).toEqual(compacted);
  const replaced = await run({ ...again, options: { ...options, if_output_exists: 'overwrite' } });
  expect([replaced.status, namesIn(output).filter((name) => name.startsWith('data'))]).toEqual([
    'completed',
    [],
  ]);
});

it('the inputs of rows can still be read, also from partitions, and tasks are no blocks', async () => {
  const input = { type: 'files', path: 'images' };
  const output = { path: service.out('inputs'), compact: { files: 2 }, partition_by: 'label' };
  const job = await run({ input, output, options: { block_rows: 1 } });
  for (const index of [2, 0]) {
    const response = await service.request(`/v1/jobs/${job.id}/rows/${index}/input`);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(readFileSync(reruns.image(index)));
  }
  const blocks = (await (await service.request(`/v1/jobs/${job.id}/blocks`)).json()) as object;
  expect(blocks).toMatchObject({ total: 3, ranges: [{ from: 0, count: 3, state: 'done' }] });
});

it.each([
  [
    { partition_by: 'colour' },
    'Cannot partition by "colour": there is no column "colour". There are: label.',
  ],
  [{ partition_by: 'score' }, '"score" has the type double'],
  [{ partition_by: 'id' }, '"id" differs in every row'],
])('refuses %j', async (output, detail) => {
  const body = { model: 'tiny', input: { type: 'files', path: 'images' }, output };
  expect(await reruns.refused('/v1/jobs', body)).toEqual([
    400,
    'invalid_request',
    expect.stringContaining(detail),
  ]);
});

it('a job that fails keeps its parts, and can be resumed with other files', async () => {
  const { input, repair } = reruns.writeRows('resumed', 12, (i) => i < 6);
  const output = service.out('resumed');
  const options = { block_rows: 2, max_errors: 1 };
  const failed = await run({ input, options, output: { path: output, compact: { files: 2 } } });
  const kept = namesIn(output);
  expect([failed.status, kept.some((name) => name.startsWith('part-'))]).toEqual(['failed', true]);
  expect(kept).toContain(`_parts-${failed.id}-00000000.jsonl`);
  for (const i of upTo(6)) repair(i);
  rmSync(join(output, 'errors-00000000.jsonl'));
  rmSync(join(output, 'part-00000000.jsonl'));
  const resumed = await run({
    input,
    output: { path: output, compact: { file_mb: 1 } },
    options: { ...options, max_errors: 10, if_output_exists: 'resume' },
  });
  expect(resumed.status).toBe('completed');
  expect(namesIn(output).filter((name) => /^(data|_?part)/.test(name))).toEqual([
    'data/compact-00000000.jsonl',
  ]);
});

it('a job whose API is killed while files are made is continued, and one that is cancelled then is resumed', async () => {
  const { input } = reruns.writeRows('api', 60, (i) => i === 7);
  const submit = async (name: string) => {
    const output = { path: service.out(name), compact: { files: TASKS } };
    const job = await service.submit({ input, output, options: { block_rows: 1 } });
    await waitUntil('a file', () => namesIn(job.output).includes('_compact-00000000.jsonl'));
    return job;
  };
  const expectFiles = async (id: string) => {
    const job = await service.ended(id);
    const names = namesIn(job.output);
    expect([job.status, names.includes('_SUCCESS'), names.filter((name) => /^_|^part/.test(name))]).toEqual([
      'completed',
      true,
      ['_SUCCESS'],
    ]);
    expect(indexes((await reruns.rowsOf(id)).rows)).toEqual(upTo(60).filter((i) => i !== 7));
  };
  const first = await submit('api-killed');
  await replace.api(first);
  expect(namesIn(first.output)).not.toContain('manifest.json');
  await expectFiles(first.id);

  const second = await submit('cancelled');
  await service.post(`/v1/jobs/${second.id}/cancel`, {});
  const cancelled = await service.ended(second.id);
  expect([cancelled.status, namesIn(second.output).some((name) => name.startsWith('data/'))]).toEqual([
    'cancelled',
    false,
  ]);
  await expectFiles((await reruns.resume(second.output)).id);
});

it('a compacted delta job whose worker and API are killed is continued, and the next delta job starts from it', async () => {
  const folder = join(service.input, 'nightly');
  mkdirSync(folder);
  let clock = 1_700_000_000;
  const write = (i: number, image: number) => {
    const path = join(folder, `${String(i).padStart(2, '0')}.png`);
    copyFileSync(reruns.image(image), path);
    utimesSync(path, ++clock, clock);
  };
  for (const i of upTo(24)) write(i, i);
  const input = { type: 'files', path: 'nightly' };
  const output = (name: string, files: number) => ({
    path: service.out(name),
    format: 'parquet',
    compact: { files },
    partition_by: 'label',
  });
  const before = await run({ input, output: output('nightly-1', 2), options: { block_rows: 5 } });
  for (const i of [3, 4, 5]) write(i, i + 1);
  rmSync(join(folder, '10.png'));
  write(24, 24);

  const delta = { previous: before.id };
  const job = await service.submit({
    input,
    output: output('nightly-2', TASKS),
    delta,
    options: { block_rows: 1 },
  });
  await waitUntil('a file', () => namesIn(job.output).includes('_compact-00000000.jsonl'));
  worker.kill('SIGKILL');
  const watcher = watch(job.output);
  const listed = new Promise<void>((resolve) => {
    watcher.on('change', (_, name) => name === 'vanished.jsonl' && resolve());
  });
  worker = await replace.worker();
  await listed;
  const replaced = replace.api(job);
  watcher.close();
  // The names are read first, because the API may still be dying.
  const parts = namesIn(job.output).filter((name) => name.startsWith('part-'));
  if (parts.length < 24) expect(manifestOf(job).compact).toEqual({ files: 24, partition_by: 'label' });
  await replaced;

  const ended = await service.ended(job.id);
  const computed = { new: 1, changed: 3, failed_before: 0 };
  expect(ended).toMatchObject({ status: 'completed', delta: { taken_over: 20, computed, vanished: 1 } });
  expect(manifestOf(ended).delta).toEqual(ended.delta);
  expect(readFileSync(join(job.output, 'vanished.jsonl'), 'utf8')).toBe('{"index":10,"id":"10.png"}\n');
  const records = upTo(TASKS).map((task) => `_file-rows-${String(task).padStart(8, '0')}.jsonl`);
  expect(namesIn(job.output).filter((name) => !name.startsWith('data/'))).toEqual([
    '_SUCCESS',
    ...records,
    'job.json',
    'manifest.json',
    'vanished.jsonl',
  ]);
  const next = await run({ input, output: service.out('nightly-3'), delta: { previous: job.output } });
  expect(next.delta).toMatchObject({
    taken_over: 24,
    computed: { new: 0, changed: 0, failed_before: 0 },
    vanished: 0,
  });
  const whole = await run({ input, output: service.out('nightly-4') });
  expect(await results(next.id)).toBe(await results(whole.id));
});

it('a worker that is killed while it makes files costs no row', async () => {
  expect(left).not.toContain('manifest.json');
  expect(left.filter((name) => name.startsWith('part-')).length).toBe(ROWS / 2);
  const job = await service.ended(killed.id);
  expect(job).toMatchObject({
    status: 'completed',
    rows: { succeeded: 117, failed: 3 },
    blocks: { done: ROWS / 2 },
  });
  const { parts, compact } = manifestOf(job);
  expect([compact.partition_by, parts.reduce((sum, { rows }) => sum + rows, 0)]).toEqual(['label', 117]);
  const names = namesIn(job.output);
  expect(names.filter((name) => name.startsWith('data/'))).toEqual(parts.map(({ name }) => name).toSorted());
  expect(names.filter((name) => /^(part-|_compact|_parts|_staging|_rows)/.test(name))).toEqual([]);
  const { rows } = await reruns.rowsOf(job.id, '?include=errors');
  expect(indexes(rows).toSorted((a, b) => a - b)).toEqual(upTo(ROWS));
  for (const { index, predictions } of rows) if (predictions) expect(predictions[0]!.index).toBe(index % 3);
  const response = await service.request(`/v1/jobs/${job.id}/results?follow=true&from_row=5`);
  expect([response.status, await response.text()]).toEqual([
    409,
    expect.stringContaining('no longer come in order'),
  ]);
});

it.skipIf(python === undefined)(
  'pandas, pyarrow, Polars and DuckDB read the files without options (needs FOREBAY_TEST_PYTHON)',
  async () => {
    const { input } = reruns.writeRows('readers', 20, () => false);
    for (const format of ['csv', 'parquet']) {
      for (const by of [{}, { partition_by: 'label' }]) {
        const output = service.out(`readers-${format}-${Object.keys(by).length}`);
        await run({
          input,
          output: { path: output, format, compact: { files: 2 }, ...by },
          options: { block_rows: 4 },
        });
        const read = `
import duckdb, json, pandas, polars, pyarrow.dataset, sys
data = sys.argv[1] + '/data'
tables = [pyarrow.dataset.dataset(data, format='${format}', partitioning='hive').to_table().to_pandas()]
tables += [duckdb.sql(f"select * from '{data}/**/*.${format}'").df()]
if '${format}' == 'parquet': tables += [pandas.read_parquet(data), polars.read_parquet(data).to_pandas()]
print(json.dumps([[list(map(int, t.sort_values('index')['index'])), list(t.sort_values('index')['label'].astype(str))] for t in tables]))`;
        const expected = [upTo(20), upTo(20).map((i) => LABELS[i % 3])];
        expect(await jsonOfPython('-c', read, output)).toEqual(
          upTo(format === 'csv' ? 2 : 4).map(() => expected),
        );
      }
    }
  },
);
