// Failed rows run again into the same output (ADR 7), on the real service.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { filedRows, manifestOfFiles, namesIn } from '../../support/compacted.ts';
import { replacements, type Replacements } from '../../support/replacements.ts';
import { expectWhole, manifestOf, openReruns, type Reruns } from '../../support/reruns.ts';
import { waitUntil } from '../../support/wait-until.ts';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../../support/service.ts';

let service: Service;
let reruns: Reruns;
let replace: Replacements;
let worker: Awaited<ReturnType<Service['startWorker']>>;
beforeAll(async () => {
  service = await startService({ workers: 0 });
  reruns = await openReruns(service);
  replace = replacements(service);
  worker = await service.startWorker();
});
afterAll(async () => {
  replace.close();
  await service.close();
});

describe('a retry', () => {
  it('runs only the failed rows, into new parts, and can be repeated until none is left', async () => {
    const { input, repair } = reruns.writeRows('some', 30, (i) => [3, 11, 12, 29].includes(i));
    const first = await service.ended((await service.submit({ input, options: { block_rows: 4 } })).id);
    expect(first.rows).toEqual({ total: 30, succeeded: 26, failed: 4, adopted: 0 });
    for (const i of [3, 12, 29]) repair(i);

    const second = await service.ended((await reruns.retry(first.id)).id);
    expect(second).toMatchObject({
      status: 'completed',
      retry_of: first.id,
      output: first.output,
      rows: { total: 4, succeeded: 3, failed: 1 },
      input: { ...input, failed_rows_of: first.id },
    });
    expect(existsSync(join(first.output, 'part-00000008.jsonl'))).toBe(true);
    expect(readOutput(first.output)).toHaveLength(29);
    const manifest = manifestOf(second);
    expect(manifest).toMatchObject({
      version: 2,
      job: second.id,
      jobs: [
        { job: first.id, first_part: 0, status: 'completed' },
        { job: second.id, first_part: 8, status: 'completed' },
      ],
      output: { succeeded: 29, failed: 1 },
    });
    expect(manifest.parts.map((part) => part.name)).toHaveLength(9);
    const errors = manifest.parts.flatMap((part) => part.errors ?? []);
    expect(errors.map(({ rows, superseded }) => [rows, superseded])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
      [1, undefined],
    ]);

    const all = await reruns.rowsOf(second.id);
    expect([indexes(all.rows), all.next]).toEqual([[3, 12, 29], '30']);
    expect(indexes((await reruns.rowsOf(second.id, '?from_row=4')).rows)).toEqual([12, 29]);
    expect(indexes((await reruns.rowsOf(second.id, '?from_row=4&include=errors')).rows)).toEqual([
      11, 12, 29,
    ]);
    // The first job has not changed.
    expect((await service.job(first.id)).rows).toEqual(first.rows);
    expect(indexes((await reruns.rowsOf(first.id)).rows)).toHaveLength(26);

    repair(11);
    const third = await service.ended((await reruns.retry(first.id)).id);
    expect(third).toMatchObject({ retry_of: first.id, rows: { total: 1, succeeded: 1, failed: 0 } });
    expectWhole(first.output, 30);
    expect(manifestOf(third)).toMatchObject({ output: { succeeded: 30, failed: 0 } });
    expect(manifestOf(third).jobs.map((job) => job.first_part)).toEqual([0, 8, 9]);
    for (const { errors: e } of manifestOf(third).parts) expect(e?.superseded ?? 0).toBe(e?.rows ?? 0);
    expect(await reruns.refused(`/v1/jobs/${third.id}/retry`)).toEqual([
      409,
      'invalid_state',
      expect.stringContaining('nothing to retry'),
    ]);
  });

  it('reads files of a folder again, and its output cannot be resumed with the first dataset', async () => {
    const folder = join(service.input, 'folder');
    await writeImages(folder, 6);
    const good = readFileSync(join(folder, '000004.png'));
    writeFileSync(join(folder, '000004.png'), 'no image');
    const { id } = await service.submit({
      input: { type: 'files', path: 'folder' },
      options: { block_rows: 2, max_errors: 5 },
    });
    const first = await service.ended(id);
    expect(first.rows).toMatchObject({ succeeded: 5, failed: 1 });
    writeFileSync(join(folder, '000004.png'), good);
    const second = await service.ended((await reruns.retry(id)).id);
    expect(second.rows).toEqual({ total: 1, succeeded: 1, failed: 0, adopted: 0 });
    expect(readOutput(first.output).at(-1)).toMatchObject({ index: 4, id: '000004.png' });

    // After a retry, the first dataset no longer fits the output.
    const more = { model: 'tiny', input: { type: 'files', path: 'folder' }, output: first.output };
    for (const path of ['/v1/jobs', '/v1/plan']) {
      expect(await reruns.refused(path, { ...more, options: { if_output_exists: 'resume' } })).toEqual([
        409,
        'resume_mismatch',
        expect.stringContaining('holds a retry'),
      ]);
    }
    expect((await reruns.refused('/v1/jobs/job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z/retry'))[1]).toBe('job_not_found');
  });

  it('reuses rows that came with the request, as long as one of them has failed', async () => {
    const good = readFileSync(reruns.image(1));
    const bad = Buffer.from(good);
    bad.fill(0, 0, 8);
    const rows = upTo(7).map((i) => ({
      id: `row-${i}`,
      data: i === 5 ? 'not base64!' : (i === 2 ? bad : good).toString('base64'),
    }));
    const { id } = await service.submit({ input: { type: 'inline', rows }, options: { block_rows: 2 } });
    const first = await service.ended(id);
    expect(first.rows).toMatchObject({ succeeded: 5, failed: 2 });
    // The rows count towards the stored bytes of their tenant.
    const kept = ['blob', 'jsonl'].map((kind) => statSync(join(reruns.spool, `${id}.inline.${kind}`)).size);
    expect(await reruns.storedBytes(id)).toBeGreaterThan(kept[0]! + kept[1]!);
    const second = await service.ended((await reruns.retry(id)).id);
    expect(second).toMatchObject({ status: 'failed', error: { code: 'all_rows_failed' } });
    expect(reruns.spooled()).toEqual([`${second.id}.inline.blob`, `${second.id}.inline.jsonl`]);
    // The same bytes would fail again. So the test repairs them in the spool. A user would repair the model.
    const blob = join(reruns.spool, `${second.id}.inline.blob`);
    const bytes = readFileSync(blob);
    good.copy(bytes, 2 * good.length);
    writeFileSync(blob, bytes);
    await reruns.loseRedis();
    const resumed = await service.ended((await reruns.resume(first.output)).id);
    expect(resumed.rows).toMatchObject({ succeeded: 0, failed: 2 });
    const third = await service.ended((await reruns.retry(resumed.id)).id);
    expect(third.rows).toEqual({ total: 2, succeeded: 1, failed: 1, adopted: 0 });
    expect(readOutput(first.output).at(-1)).toMatchObject({ index: 2, id: 'row-2' });
    expect(readOutput(first.output, 'errors').at(-1)).toMatchObject({
      index: 5,
      error: { code: 'invalid_row' },
    });
    for (const kind of ['blob', 'jsonl']) rmSync(join(reruns.spool, `${third.id}.inline.${kind}`));
    expect(await reruns.refused(`/v1/jobs/${third.id}/retry`)).toEqual([
      422,
      'input_not_found',
      expect.stringContaining('no longer kept'),
    ]);
  });

  it('is refused until its job has ended and its output is complete', async () => {
    const { input } = reruns.writeRows('early', 200, (i) => i < 10);
    const { id } = await service.submit({ input, options: { block_rows: 2, max_errors: 3, concurrency: 2 } });
    expect((await reruns.refused(`/v1/jobs/${id}/retry`)).slice(1)).toEqual([
      'invalid_state',
      expect.stringContaining('once it has ended'),
    ]);
    const failed = await service.ended(id);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'too_many_errors' } });
    expect((await reruns.refused(`/v1/jobs/${id}/retry`)).slice(1)).toEqual([
      'invalid_state',
      expect.stringContaining('is incomplete'),
    ]);
    const whole = await service.ended(
      (await reruns.resume(failed.output, { options: { max_errors: null } })).id,
    );
    expect(whole).toMatchObject({ status: 'completed', rows: { total: 200, succeeded: 190, failed: 10 } });
    const again10 = await service.ended((await reruns.retry(whole.id)).id);
    expect(again10).toMatchObject({ status: 'failed', error: { code: 'all_rows_failed' } });
  });

  it('continues after the API is killed, and from its folder after Redis loses everything', async () => {
    const { input, repair } = reruns.writeRows('many', 1200, () => true);
    const { id } = await service.submit({ input, options: { block_rows: 4, batch_size: 1 } });
    const first = await service.ended(id);
    expect(first.rows).toEqual({ total: 1200, succeeded: 0, failed: 1200, adopted: 0 });
    for (const i of upTo(1200)) repair(i);
    const second = await reruns.retry(id);
    const some = (job: JobWire) => job.blocks.done >= 5;
    await service.until(second.id, 'some commits', some);
    await service.restartApi();
    await service.until(second.id, 'more commits', (job) => job.blocks.done >= 15);
    await reruns.loseRedis();
    const third = await reruns.resume(first.output);
    expect(third.retry_of).toBe(id);
    const ended = await service.ended(third.id);
    expect(ended).toMatchObject({ status: 'completed', rows: { total: 1200, succeeded: 1200, failed: 0 } });
    expectWhole(first.output, 1200);
    expect(manifestOf(ended)).toMatchObject({
      jobs: [{ job: id }, { job: third.id, first_part: 300 }],
      output: { succeeded: 1200, failed: 0 },
    });
  }, 120_000);
});

describe('a retry in a compacted output', () => {
  const run = async (body: Record<string, unknown>) => service.ended((await service.submit(body)).id);
  const results = async (id: string, query = '') =>
    (await service.request(`/v1/jobs/${id}/results${query}`)).text();

  it('failed rows are retried into further files, and the next delta job starts from all files', async () => {
    const folder = join(service.input, 'retried');
    mkdirSync(folder);
    const write = (i: number, from: number | 'broken') => {
      const path = join(folder, `${i}.png`);
      if (from === 'broken') writeFileSync(path, from);
      else copyFileSync(reruns.image(from), path);
      utimesSync(path, 1_700_000_000 + (from === 'broken' ? 0 : 1), 1_700_000_000);
    };
    for (const i of upTo(9)) write(i, [2, 3, 7].includes(i) ? 'broken' : i);
    const input = { type: 'files', path: 'retried' };
    const output = { path: service.out('retried'), compact: { files: 2 } };
    const first = await run({ input, output, options: { block_rows: 2 } });
    expect(first.rows).toMatchObject({ succeeded: 6, failed: 3 });
    const [text, all] = [await results(first.id), await results(first.id, '?include=errors')];

    write(2, 2);
    write(7, 7);
    const second = await service.ended((await reruns.retry(first.id)).id);
    expect([second.status, second.rows]).toMatchObject(['completed', { total: 3, succeeded: 2, failed: 1 }]);
    expect(namesIn(second.output)).toEqual([
      '_SUCCESS',
      ...upTo(4).map((file) => `_file-rows-0000000${file}.jsonl`),
      ...upTo(4).map((file) => `data/compact-0000000${file}.jsonl`),
      ...[1, 3, 5].map((block) => `errors-0000000${block}.jsonl`),
      'job.json',
      'manifest.json',
    ]);
    expect(manifestOfFiles(second)).toMatchObject({
      version: 3,
      compact: { files: 4 },
      output: { succeeded: 8, failed: 1 },
      errors: [{ rows: 2, superseded: 2 }, { rows: 1, superseded: 1 }, { rows: 1 }],
    });
    // Each job has its own rows, as if there were no other.
    expect([await results(first.id), await results(first.id, '?include=errors')]).toEqual([text, all]);
    const own = await reruns.rowsOf(second.id, '?include=errors');
    expect(own).toMatchObject({ rows: [{ index: 2 }, { index: 3, error: {} }, { index: 7 }], next: '9' });

    // The last row fails again, and can be retried once more.
    const third = await service.ended((await reruns.retry(second.id)).id);
    expect(third).toMatchObject({ status: 'failed', error: { code: 'all_rows_failed' } });
    expect(namesIn(third.output)).toContain('_SUCCESS');
    write(3, 3);
    const fourth = await service.ended((await reruns.retry(first.id)).id);
    expect([fourth.status, fourth.rows.succeeded]).toEqual(['completed', 1]);
    expect((await reruns.refused(`/v1/jobs/${first.id}/retry`))[2]).toContain('no failed row left');
    expect(indexes(filedRows(fourth))).toEqual([0, 1, 4, 5, 6, 8, 2, 7, 3]);
    for (const { id } of [first, second, fourth]) {
      const response = await service.request(`/v1/jobs/${id}/rows/7/input`);
      expect(Buffer.from(await response.arrayBuffer())).toEqual(readFileSync(reruns.image(7)));
    }

    const next = await run({ input, output: service.out('after-retry'), delta: { previous: first.id } });
    expect(next.delta).toMatchObject({ previous: { job: fourth.id }, taken_over: 9, vanished: 0 });
    expect(indexes((await reruns.rowsOf(next.id)).rows)).toEqual(upTo(9));
    // Older processes would compute all rows, because they do not know files of several jobs.
    expect(JSON.parse(readFileSync(join(next.output, 'job.json'), 'utf8'))).toMatchObject({ v: 8 });
  });

  it('a retry whose rows cannot be partitioned leaves files that a delta job continues', async () => {
    const folder = join(service.input, 'noted');
    mkdirSync(folder);
    const notes = ['short', 'n'.repeat(300), 'short'];
    const lines = notes.map((note, i) => JSON.stringify({ id: `row-${i}`, image: `${i}.png`, note }));
    writeFileSync(join(folder, 'rows.jsonl'), lines.join('\n'));
    for (const i of [0, 2]) copyFileSync(reruns.image(i), join(folder, `${i}.png`));
    const input = { type: 'jsonl', path: 'noted/rows.jsonl' };
    const output = { path: service.out('noted'), join: ['note'], partition_by: 'note' };
    const first = await run({ input, output, options: { row_versions: 'content', block_rows: 2 } });
    expect(first.rows).toMatchObject({ succeeded: 2, failed: 1 });

    copyFileSync(reruns.image(1), join(folder, '1.png'));
    const retry = await service.ended((await reruns.retry(first.id)).id);
    expect(retry).toMatchObject({ status: 'failed', error: { code: 'invalid_partition' } });
    expect(retry.error?.message).toContain('Submit a delta job');
    expect((await reruns.refused(`/v1/jobs/${retry.id}/retry`))[2]).toContain('Submit a delta job');

    const delta = { previous: first.output };
    const whole = await run({
      input,
      delta,
      output: { path: service.out('noted-2'), join: ['note'], compact: { files: 1 } },
    });
    expect(whole.delta).toMatchObject({
      previous: { job: first.id },
      taken_over: 2,
      computed: { failed_before: 1 },
    });
    expect(indexes(filedRows(whole))).toEqual(upTo(3));
  });

  it('a retry whose worker and API are killed while it adds files leaves the earlier state or the new one', async () => {
    const rows = 24;
    /** Each task takes several turns of the feeder, so a process can be killed between them. */
    const tasks = 20;
    const { input, repair } = reruns.writeRows('retry-killed', rows, (i) => i > 4);
    const output = { path: service.out('retry-killed'), compact: { files: tasks } };
    const first = await run({ input, output, options: { block_rows: 1 } });
    for (const i of upTo(rows)) if (i > 4) repair(i);
    const files = () => namesIn(first.output).filter((name) => name.startsWith('data/'));
    const stateOf = (names: readonly string[]) =>
      names.map((name) => [name, readFileSync(join(first.output, name), 'utf8')]);
    const before = stateOf([...files(), 'manifest.json']);
    const hasAdded = () => namesIn(first.output).includes(`_compact-000000${tasks}.jsonl`);

    const cancelled = await reruns.retry(first.id);
    await waitUntil('a file', hasAdded);
    expect(namesIn(first.output)).not.toContain('_SUCCESS');
    worker.kill('SIGKILL');
    await service.post(`/v1/jobs/${cancelled.id}/cancel`, {});
    worker = await replace.worker();
    expect((await service.ended(cancelled.id)).status).toBe('cancelled');
    expect(stateOf([...files(), 'manifest.json'])).toEqual(before);
    expect(namesIn(first.output)).toContain('_SUCCESS');
    expect((await reruns.refused(`/v1/jobs/${first.id}/retry`)).slice(0, 2)).toEqual([409, 'invalid_state']);

    const resumed = await reruns.resume(first.output);
    await waitUntil('a file', hasAdded);
    await replace.api(resumed);
    const ended = await service.ended(resumed.id);
    expect([ended.status, ended.rows]).toMatchObject(['completed', { succeeded: rows - 5, failed: 0 }]);
    expect(stateOf(before.map(([name]) => name!)).slice(0, tasks)).toEqual(before.slice(0, tasks));
    expect(indexes(filedRows(ended))).toEqual(upTo(rows));
    expect(namesIn(first.output).filter((name) => /^(_|part)/.test(name))).toEqual(['_SUCCESS']);
  });
});
