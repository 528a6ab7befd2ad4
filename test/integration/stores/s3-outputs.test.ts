// Jobs whose outputs are on S3: a real server, API and workers that share no folder with it.
import { rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compactedRows } from '#forebay/api/jobs/streams/compacted-rows.js';
import type { JobRecord } from '#forebay/shared/domain/job/job.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import { createOutputs } from '#forebay/shared/storage/outputs.js';
import type { ManifestPart } from '#forebay/shared/storage/read-manifest.js';
import { DELETION_MS, type WritableStore } from '#forebay/shared/stores/store.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { forebayCommands } from '../../support/forebay-command.ts';
import { startLoggingProxy, type LoggingProxy } from '../../support/logging-proxy.ts';
import { writeManyRows } from '../../support/many-rows.ts';
import { makeSpec } from '../../support/queue.ts';
import { noSeaweedfs, startSeaweedfs, type S3Server } from '../../support/seaweedfs.ts';
import {
  colourImage,
  indexes,
  startService,
  upTo,
  writeImages,
  type OutputRow,
  type Service,
} from '../../support/service.ts';
import { expectFencingIsChecked, storedOutputs } from '../../support/stored-outputs.ts';
import { storesOnS3 } from '../../support/stores.ts';
import { waitUntil } from '../../support/wait-until.ts';

const never = new AbortController().signal;

describe.skipIf(noSeaweedfs !== null)(`outputs on S3 ${noSeaweedfs ?? ''}`, () => {
  let s3: S3Server;
  /** Between the service and the server. */
  let proxy: LoggingProxy;
  let service: Service;
  let stores: Stores;
  let store: WritableStore;

  beforeAll(async () => {
    s3 = await startSeaweedfs('results', 'other');
    stores = storesOnS3(s3);
    store = await stores.writable('s3://results/');
    proxy = await startLoggingProxy(s3.endpoint);
    service = await startService({
      env: { ...s3.env, AWS_ENDPOINT_URL: proxy.url, FOREBAY_OUTPUT_ROOTS: 's3://results/out:/' },
      inputRoots: ['s3://other/pics'],
    });
    await writeImages(join(service.input, 'pics'), 12);
  }, 60_000);
  afterAll(async () => {
    await service?.close();
    await stores?.close();
    await proxy?.close();
    await s3?.stop();
  });

  const { at, names, textOf, rowsOf, expectWhole } = storedOutputs('s3://results/out/', () => store);
  const staged = async (name: string) => {
    let count = 0;
    for await (const _ of store.staged(at(name), never)) count += 1;
    return count;
  };

  it('has what a folder has, and results are read from there', async () => {
    const input = { type: 'files', path: 'pics' };
    const { id } = await service.submit({
      input,
      output: 's3://results/out/plain',
      options: { block_rows: 5 },
    });
    const job = await service.ended(id);
    expect(job).toMatchObject({
      status: 'completed',
      output: at('plain'),
      rows: { succeeded: 12, failed: 0 },
    });
    await expectWhole('plain', id, 3);
    const read = await (await service.request(`/v1/jobs/${id}/results`)).text();
    const rows = await rowsOf('plain');
    expect(
      read
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as OutputRow),
    ).toEqual(rows);
    expect(indexes(rows)).toEqual(upTo(12));
    const manifest = JSON.parse(await textOf(`${at('plain')}manifest.json`)) as { parts: { rows: number }[] };
    expect(manifest.parts.map((part) => part.rows)).toEqual([5, 5, 2]);
    expect(await textOf(`${at('plain')}job.json`)).not.toContain(s3.env[s3.variables.secret]);
    expect(await staged('plain')).toBe(0);
    const delta = { previous: at('plain') };
    const next = await service.ended(
      (await service.submit({ input, output: 's3://results/out/next', delta, options: { block_rows: 4 } }))
        .id,
    );
    expect(next.delta).toMatchObject({ taken_over: 12, vanished: 0 });
    expect(await rowsOf('next')).toEqual(rows);
    expect(await textOf(`${at('next')}vanished.jsonl`)).toBe('');
  });

  it('rows on S3 are compared by content with a compacted output on S3, and with one of parts', async () => {
    const images = await Promise.all([0, 1, 2].map(colourImage));
    for (const i of upTo(6)) await s3.put('other', `pics/${i}.png`, images[i % 3]!);
    const run = async (name: string, more: object) => {
      const { id } = await service.submit({
        input: { type: 'files', path: 's3://other/pics' },
        output: at(name),
        options: { block_rows: 2, row_versions: 'content' },
        ...more,
      });
      return service.ended(id);
    };
    const output = { path: at('content-1'), format: 'parquet', compact: { files: 2 }, partition_by: 'label' };
    const first = await run('content-1', { output });
    // The submit looks for one object, and the feeder lists all.
    expect(first.rows.total).toBe(6);
    expect(proxy.seen.filter((line) => line.includes('prefix=pics'))).toHaveLength(2);
    expect((await names('content-1')).filter((name) => /^(part|_rows)/.test(name))).toEqual([]);
    // The same bytes again, other bytes, and a new object.
    await s3.put('other', 'pics/0.png', images[0]!);
    await s3.put('other', 'pics/1.png', images[2]!);
    await s3.put('other', 'pics/1a.png', images[0]!);
    const delta = (previous: string) => ({ delta: { previous, by: 'content' } });
    const second = await run('content-2', delta(first.id));
    const counts = { computed: { new: 1, changed: 1, failed_before: 0 }, vanished: 0 };
    expect(second).toMatchObject({ status: 'completed', delta: { taken_over: 5, ...counts } });
    await run('content-whole', {});
    const rows = await rowsOf('content-whole');
    expect(rows.map((row) => row.predictions![0]!.index)).toEqual([0, 2, 0, 2, 0, 1, 2]);
    expect(await rowsOf('content-2')).toEqual(rows);
    await (
      await store.prepareRemoval('s3://other/pics/5.png')
    )();
    const third = await run('content-3', {
      ...delta(at('content-2')),
      output: { path: at('content-3'), compact: { files: 2 } },
    });
    expect(third.delta).toMatchObject({ taken_over: 6, vanished: 1 });
    expect((await names('content-3')).filter((name) => /^(part|_rows)/.test(name))).toEqual([]);
    expect(await textOf(`${at('content-3')}vanished.jsonl`)).toBe('{"index":6,"id":"5.png"}\n');
    const fourth = await run('content-4', delta(third.id));
    expect(fourth.delta).toMatchObject({ taken_over: 6, vanished: 0 });
    expect(await rowsOf('content-4')).toEqual(rows.slice(0, 6));
  });

  it('a worker that was frozen while its job ended writes nothing into the next output, whose worker is killed', async () => {
    const input = await writeManyRows(service.input, 600);
    await service.stopWorkers();
    const frozen = await service.startWorker();
    const first = await service.submit({ input, output: at('frozen'), options: { block_rows: 20 } });
    await service.until(first.id, 'some commits', (job) => job.blocks.done >= 3);
    frozen.kill('SIGSTOP');
    await service.post(`/v1/jobs/${first.id}/cancel`, {});
    const killed = await service.startWorker();
    await service.ended(first.id);
    const options = { block_rows: 20, if_output_exists: 'overwrite', top_k: 1 };
    const { id } = await service.submit({ input, output: at('frozen'), options });
    await service.until(id, 'some commits', (job) => job.blocks.done >= 3);
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    frozen.kill('SIGCONT');
    expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { succeeded: 600 } });
    const rows = await rowsOf('frozen');
    expect(indexes(rows)).toEqual(upTo(600));
    expect(new Set(rows.map((row) => row.predictions!.length))).toEqual(new Set([1]));
    expect(await staged('frozen')).toBe(0);
  }, 120_000);

  it('is described without reading its parts, also by an API that takes over before records were moved', async () => {
    const { id } = await service.submit({
      input: { type: 'files', path: 'pics' },
      output: 's3://results/out/recorded',
      options: { block_rows: 1, concurrency: 1 },
    });
    await service.until(id, 'some blocks', ({ blocks }) => blocks.done >= 3);
    await service.post(`/v1/jobs/${id}/pause`, {});
    const redis = new Redis(service.redis.socketPath);
    const keys = jobKeys(id);
    expect(await redis.llen(keys.records)).toBeGreaterThanOrEqual(3);
    const restarted = service.restartApi();
    // The next API need not wait until the lease expires.
    await redis.del(keys.lease);
    await restarted;
    await service.post(`/v1/jobs/${id}/resume`, {});
    expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { succeeded: 12 } });
    // They go just after the job has its final state.
    await waitUntil('the records to go', async () => (await redis.exists(keys.records)) === 0);
    redis.disconnect();
    const reads = proxy.seen.filter((line) => /^GET .*\/out\/recorded\/(part|errors)-/.test(line));
    expect(reads).toEqual([]);
    const manifest = JSON.parse(await textOf(`${at('recorded')}manifest.json`)) as { parts: ManifestPart[] };
    const sizes = await Promise.all(
      manifest.parts.map(async ({ name }) => (await store.stat(at('recorded') + name, never))?.size),
    );
    expect(manifest.parts.map(({ bytes }) => bytes)).toEqual(sizes);
    expect(sizes).toHaveLength(12);
  });

  it('is retried and resumed like a folder', async () => {
    writeFileSync(join(service.input, 'pics', 'broken.png'), 'not an image');
    const input = { type: 'files', path: 'pics' };
    const options = { block_rows: 5 };
    const first = await service.submit({ input, output: at('again'), options: { ...options, limit: 10 } });
    expect((await service.ended(first.id)).status).toBe('completed');
    const resumed = await service.submit({
      input,
      output: at('again'),
      options: { ...options, if_output_exists: 'resume' },
    });
    expect(await service.ended(resumed.id)).toMatchObject({ rows: { succeeded: 12, failed: 1 } });
    expect((await rowsOf('again', 'errors')).map((row) => row.id)).toEqual(['broken.png']);
    rmSync(join(service.input, 'pics', 'broken.png'));
    const retry = (await (await service.post(`/v1/jobs/${resumed.id}/retry`, {})).json()) as { id: string };
    expect(await service.ended(retry.id)).toMatchObject({ rows: { total: 1, failed: 1 } });
    expect(indexes(await rowsOf('again'))).toEqual(upTo(12));
    expect(await staged('again')).toBe(0);
  });

  it('can be Parquet', async () => {
    const input = { type: 'files', path: 'pics' };
    const { id } = await service.submit({ input, output: { path: at('table'), format: 'parquet' } });
    expect((await service.ended(id)).status).toBe('completed');
    const text = await (await service.request(`/v1/jobs/${id}/results`)).text();
    expect(text.trim().split('\n')).toHaveLength(12);
  });

  it('can be partitioned, retried, and replaced', async () => {
    const broken = join(service.input, 'pics', 'broken.png');
    writeFileSync(broken, 'not an image');
    const input = { type: 'files', path: 'pics' };
    const output = { path: at('files'), format: 'parquet', compact: { files: 2 }, partition_by: 'label' };
    const { id } = await service.submit({ input, output, options: { block_rows: 3 } });
    expect(await service.ended(id)).toMatchObject({ status: 'completed', rows: { succeeded: 12 } });
    const direct = (await names('files')).filter((name) => !name.includes('/'));
    const records = ['_file-rows-00000000.jsonl', '_file-rows-00000001.jsonl'];
    expect(direct).toEqual(['_SUCCESS', ...records, 'errors-00000004.jsonl', 'job.json', 'manifest.json']);
    const text = await (await service.request(`/v1/jobs/${id}/results`)).text();
    const lines = text.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as OutputRow).index).toSorted((a, b) => a - b)).toEqual(
      upTo(12),
    );
    const filesIn = async (folder: string) =>
      (await names('files')).filter((name) => name.startsWith(folder)).length;
    const filesNow = async () => [
      await filesIn('data/label=red/'),
      await filesIn('data/'),
      await staged('files'),
    ];
    expect(await filesNow()).toEqual([2, 6, 0]);
    writeFileSync(broken, await colourImage(0));
    const retry = (await (await service.post(`/v1/jobs/${id}/retry`, {})).json()) as { id: string };
    expect(await service.ended(retry.id)).toMatchObject({ status: 'completed', rows: { succeeded: 1 } });
    expect(await filesNow()).toEqual([3, 7, 0]);
    expect((await names('files')).filter((name) => name.startsWith('part-'))).toEqual([]);
    const results = await (await service.request(`/v1/jobs/${retry.id}/results`)).text();
    expect(JSON.parse(results)).toMatchObject({ index: 12, id: 'broken.png' });
    rmSync(broken);
    const again = await service.submit({
      input,
      output: at('files'),
      options: { if_output_exists: 'overwrite' },
    });
    expect([(await service.ended(again.id)).status, await filesIn('data/')]).toEqual(['completed', 0]);
  });

  it.each([
    ['outside the roots', 's3://results/elsewhere/x', 403, 'path_not_allowed'],
    ['beside a root', 's3://results/outer', 403, 'path_not_allowed'],
    ['no bucket', 's3:///x', 400, 'invalid_request'],
    ['with two slashes', 's3://results/out//x', 400, 'invalid_request'],
    ['another scheme', 'gs://results/out', 400, 'invalid_request'],
    ['not empty', 's3://results/out/full', 409, 'output_not_empty'],
  ])('an output that is %s is refused', async (_, output, status, code) => {
    await store.put(`${at('full')}notes.txt`, 'mine');
    const response = await service.post('/v1/jobs', {
      model: 'tiny',
      input: { type: 'files', path: 'pics' },
      output,
    });
    const { code: found } = (await response.json()) as { code: string };
    expect([response.status, found]).toEqual([status, code]);
  });

  it('the results of files are read to the end while a retry replaces a large manifest', async () => {
    const spec = makeSpec({ output: at('large'), compact: { size: { files: 1 } } });
    const partition = (value: string) => `data/label=${value}/compact-00000000.jsonl`;
    const entry = (name: string, i: number) =>
      JSON.stringify({ name, rows: 1, bytes: 9, sha256: String(i).padStart(64, '0'), errors: null });
    // Those in the middle are files of another job.
    const others = upTo(20_000).map((i) => `data/compact-${String(i + 1).padStart(8, '0')}.jsonl`);
    const write = async (...more: string[]) => {
      const entries = [partition('a'), ...others, partition('b'), ...more].map(entry).join(',\n');
      const members = [
        `"job":"${spec.id}"`,
        '"status":"completed"',
        '"rows":{"total":2,"succeeded":2,"failed":0}',
      ];
      const rest = [...members, '"created_at":null', '"finished_at":null', '"compact":{"files":2}'].join(
        ',\n',
      );
      await store.put(
        `${spec.output}manifest.json`,
        `{\n"version":3,\n"parts":[\n${entries}\n],\n${rest}\n}\n`,
      );
    };
    await write();
    for (const [i, value] of ['a', 'b'].entries())
      await store.put(spec.output + partition(value), `{"index":${i},"id":"${value}"}\n`);
    const job = { spec, filePlan: { blocks: 1, tasks: 1 }, succeeded: 2, failed: 0 } as JobRecord;
    const rows = compactedRows(createOutputs(stores).of(spec.output), job, 0, false);
    const found = [(await rows.next()).value];
    await write('data/compact-00020001.jsonl');
    for await (const more of rows) found.push(more);
    expect(found).toMatchObject([[{ id: 'a' }], [{ id: 'b' }]]);
  });

  it('a deletion that is too old is refused, and its object stays', async () => {
    const url = `${at('timed')}x`;
    await store.put(url, 'x');
    expect(await (await store.prepareRemoval(url, DELETION_MS + 2_000))()).toBe(false);
    expect(await textOf(url)).toBe('x');
    expect(await (await store.prepareRemoval(url))()).toBe(true);
    expect(await store.stat(url, never)).toBeNull();
  });

  it('a server that would overwrite parts is refused as an output', async () => {
    await expectFencingIsChecked(store, at('checked'));
    expect(await names('checked')).toEqual([]);
  });

  it('is also what `forebay run` writes to', async () => {
    const commands = forebayCommands(service.folder, { ...s3.env, AWS_ENDPOINT_URL: s3.endpoint });
    const args = ['run', '--model', join(service.models, 'tiny'), '--input', join(service.input, 'pics')];
    try {
      const { code, out } = await commands.run(...args, '--output', 's3://other/run');
      expect([code, out]).toEqual([0, expect.stringContaining('s3://other/run/part-*.jsonl')]);
    } finally {
      await commands.close();
    }
  }, 60_000);
});
