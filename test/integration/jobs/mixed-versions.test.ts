// A rolling upgrade: processes of an earlier version and of this one share a Redis, outputs, spooled rows and a model.
// The model.json of that model has `softmax`, the form that the earlier version reads.
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { openPartIndex } from '#forebay/shared/storage/part-index/part-index.js';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import type { JobStatsWire } from '#forebay/api/http/wire/stats.js';
import { noOldVersion, openOldVersion, type OldVersion } from '../../support/old-version.ts';
import {
  colourImage,
  indexes,
  readOutput,
  startService,
  upTo,
  writeImages,
  type Service,
} from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

const ROWS = 1000;
const BLOCK_ROWS = 10;
/** Row 7 and every 100th row after it have no file. */
const isMissing = (row: number) => row % 100 === 7;

describe.skipIf(noOldVersion)(noOldVersion ?? 'processes of two versions', () => {
  let service: Service;
  let old: OldVersion;
  /** The files of an undisturbed run, by name. */
  let expected: Map<string, string>;
  beforeAll(async () => {
    old = openOldVersion();
    service = await startService({ workers: 0 });
    await writeImages(join(service.input, 'images'), 30);
    const uriOf = (i: number) => (isMissing(i) ? 'absent.png' : `${String(i % 30).padStart(6, '0')}.png`);
    const rows = upTo(ROWS).map((i) => JSON.stringify({ id: `row-${i}`, uri: `images/${uriOf(i)}` }));
    writeFileSync(join(service.input, 'rows.txt'), rows.join('\n'));
    await service.startWorker();
    const undisturbed = await service.ended((await submit()).id);
    expected = filesOf(undisturbed.output);
    await service.stopWorkers();
  }, 120_000);
  afterEach(async () => service.stopWorkers());
  afterAll(async () => {
    await service.close();
    old.remove();
  });

  const submit = async (more: object = {}) =>
    service.submit({
      input: { type: 'manifest', path: 'rows.txt' },
      options: { block_rows: BLOCK_ROWS },
      ...more,
    });
  /** Sends a request that creates a job, and waits until the job has ended. */
  async function accepted(path: string, body: object): Promise<JobWire> {
    const response = await service.post(path, body);
    expect(response.status).toBe(202);
    return service.ended(((await response.json()) as JobWire).id);
  }
  const startOldWorker = async () => service.startWorker({}, { root: old.root });
  const untilDone = async (id: string, blocks: number) =>
    service.until(id, `${blocks} blocks`, (job) => job.blocks.done >= blocks);

  function filesOf(output: string): Map<string, string> {
    const names = readdirSync(output).filter((name) => /^(part|errors)-/.test(name));
    return new Map(names.map((name) => [name, readFileSync(join(output, name), 'utf8')]));
  }

  function expectUndisturbed(job: JobWire): void {
    const failed = upTo(ROWS).filter(isMissing).length;
    expect(job).toMatchObject({
      status: 'completed',
      rows: { total: ROWS, succeeded: ROWS - failed, failed },
      blocks: { done: ROWS / BLOCK_ROWS },
    });
    expect(filesOf(job.output)).toEqual(expected);
  }

  it('finish a job of the old API that the new API takes over when the old API is killed', async () => {
    await service.restartApi(old.root);
    const oldWorker = await startOldWorker();
    const { id } = await submit();
    await untilDone(id, 5);
    // Only the new worker works for a while, so both get a share of the job.
    oldWorker.kill('SIGSTOP');
    await service.restartApi();
    const before = (await service.job(id)).blocks.done;
    await service.startWorker();
    await untilDone(id, before + 10);
    oldWorker.kill('SIGCONT');
    const ended = await service.ended(id);
    expectUndisturbed(ended);
    // Blocks that the old worker has committed have no records, so their parts are read.
    const manifest = JSON.parse(readFileSync(join(ended.output, 'manifest.json'), 'utf8')) as object;
    expect(manifest).toMatchObject({ errors_by_code: { file_not_found: ended.rows.failed } });
    expect((await openPartIndex(FOLDER_OUTPUTS.of(ended.output), id).group(0)).size).toBe(ROWS / BLOCK_ROWS);
  });

  it('share a job of the old API, and its blocks make the new worker reload an unloaded model', async () => {
    await service.restartApi();
    await service.startWorker();
    const model = async () => (await (await service.request('/v1/models/tiny')).json()) as ModelWire;
    await service.post('/v1/models/tiny/unload', {});
    await waitUntil('the model to leave', async () => (await model()).status === 'unloaded');
    const oldWorker = await startOldWorker();
    expect(await model()).toMatchObject({ status: 'serving', workers: 1 });
    await service.restartApi(old.root);
    const { id } = await submit();
    await untilDone(id, 5);
    oldWorker.kill('SIGTERM');
    expectUndisturbed(await service.ended(id));
    // The old API takes no records out of Redis, so the new worker has left none.
    const redis = new Redis(service.redis.socketPath);
    expect(await redis.exists(jobKeys(id).records)).toBe(0);
    redis.disconnect();
    // Workers of the other tests load the model when they start.
    await service.restartApi();
    await service.post('/v1/models/tiny/load', {});
  });

  it('leave a job of the new API to the new worker, because the old worker cannot read it', async () => {
    await service.restartApi();
    const oldWorker = await startOldWorker();
    const { id } = await submit();
    const stats = async () => (await (await service.request(`/v1/jobs/${id}/stats`)).json()) as JobStatsWire;
    await waitUntil(
      'the old worker to put a block back',
      async () => (await stats()).queue.depth.delayed > 0,
    );
    await service.startWorker();
    // Both workers take blocks, but only the new one can run them. So the job is slow until the old one ends.
    oldWorker.kill('SIGTERM');
    await once(oldWorker, 'exit');
    expectUndisturbed(await service.ended(id));
    expect((await stats()).last_run_error).toBeNull();
  });

  it('resume an output that the old version left unfinished, from its folder alone', async () => {
    await service.restartApi(old.root);
    const oldWorker = await startOldWorker();
    const good = await colourImage(1);
    const bad = Buffer.from(good).fill(0, 0, 8);
    const rows = upTo(7).map((i) => ({ id: `row-${i}`, data: (i === 2 ? bad : good).toString('base64') }));
    const inline = await service.submit({ input: { type: 'inline', rows }, options: { block_rows: 2 } });
    const withFailure = await service.ended(inline.id);
    expect(withFailure.rows).toMatchObject({ total: 7, succeeded: 6, failed: 1 });
    const output = service.out('half-done');
    const { id } = await submit({ output });
    await untilDone(id, 5);
    // Otherwise the new version would continue the job before Redis loses it.
    await service.post(`/v1/jobs/${id}/pause`, {});
    oldWorker.kill('SIGKILL');
    await once(oldWorker, 'exit');
    const done = readdirSync(output).filter((name) => name.startsWith('part-')).length;
    expect(done).toBeLessThan(ROWS / BLOCK_ROWS);
    await service.restartApi();
    await service.startWorker();

    // The same bytes would fail again, so the test repairs them in the spool.
    const blob = join(service.folder, 'data', 'spool', `${inline.id}.inline.blob`);
    const bytes = readFileSync(blob);
    good.copy(bytes, 2 * good.length);
    writeFileSync(blob, bytes);
    const retried = await accepted(`/v1/jobs/${inline.id}/retry`, {});
    expect(retried).toMatchObject({ status: 'completed', rows: { total: 1, succeeded: 1, failed: 0 } });
    const answers = readOutput(withFailure.output);
    expect(indexes(answers).toSorted((a, b) => a - b)).toEqual(upTo(7));
    expect(answers.map(({ predictions }) => predictions![0]!.label)).toEqual(upTo(7).map(() => 'green'));

    const redis = new Redis(service.redis.socketPath);
    await redis.flushall();
    redis.disconnect();
    const resumed = await accepted('/v1/jobs/resume', { output });
    expect(resumed.rows.adopted).toBe(done * BLOCK_ROWS);
    expectUndisturbed(resumed);
  });
});
