// Failed rows run again into the same output (ADR 7), on the real service.
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { expectWhole, manifestOf, openReruns, type Reruns } from '../support/reruns.ts';
import { indexes, readOutput, startService, upTo, writeImages, type Service } from '../support/service.ts';

let service: Service;
let reruns: Reruns;
beforeAll(async () => {
  service = await startService();
  reruns = await openReruns(service);
});
afterAll(async () => service.close());

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
