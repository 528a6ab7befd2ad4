// Failed rows run again into the same output, and outputs finished from their folder alone (ADR 7), on the real service.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { runProgram } from '#forebay/cli/program.js';
import { createClient } from '#forebay/client/client.js';
import { DEFAULT_TENANT } from '#forebay/shared/domain/tenant.js';
import { indexKeys } from '#forebay/shared/queue/keys.js';
import { recordingTerminal } from '../support/recording-terminal.ts';
import {
  indexes,
  readOutput,
  startService,
  upTo,
  writeImages,
  type OutputRow,
  type Service,
} from '../support/service.ts';

let service: Service;
let spool: string;
beforeAll(async () => {
  service = await startService();
  spool = join(service.folder, 'data', 'spool');
  await writeImages(join(service.input, 'images'), 3);
});
afterAll(async () => service.close());

const image = (i: number) => join(service.input, 'images', `${String(i % 3).padStart(6, '0')}.png`);

/** A manifest of `count` rows named `row-i`; those that `lack` says have no file yet. `mend` gives them one. */
function writeRows(name: string, count: number, lack: (i: number) => boolean) {
  const folder = join(service.input, name);
  mkdirSync(folder);
  const line = (i: number) => JSON.stringify({ id: `row-${i}`, uri: `${i}.png` });
  writeFileSync(join(folder, 'rows.txt'), upTo(count).map(line).join('\n'));
  const mend = (i: number) => copyFileSync(image(i), join(folder, `${i}.png`));
  for (const i of upTo(count)) if (!lack(i)) mend(i);
  const input = { type: 'manifest', path: `${name}/rows.txt` };
  return { input, mend, folder };
}

async function again(path: string, body: unknown = {}): Promise<JobWire> {
  const response = await service.post(path, body);
  const text = await response.text();
  expect([response.status, text]).toEqual([202, expect.stringContaining('"object":"job"')]);
  expect(response.headers.get('location')).toBe(`/v1/jobs/${(JSON.parse(text) as JobWire).id}`);
  return JSON.parse(text) as JobWire;
}
const retry = async (id: string) => again(`/v1/jobs/${id}/retry`);
const resume = async (output: string, more: object = {}) => again('/v1/jobs/resume', { output, ...more });

async function refused(path: string, body: unknown = {}): Promise<[number, string, string]> {
  const response = await service.post(path, body);
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  return [response.status, code, detail];
}

interface Manifest {
  readonly version: number;
  readonly job: string;
  readonly parts: { name: string; rows: number; errors: { rows: number; superseded?: number } | null }[];
  readonly jobs: { job: string; first_part: number; status: string }[];
  readonly output: { succeeded: number; failed: number };
}
const manifestOf = (job: JobWire) =>
  JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8')) as Manifest;

async function rowsOf(id: string, query = ''): Promise<{ rows: OutputRow[]; next: string | null }> {
  const response = await service.request(`/v1/jobs/${id}/results${query}`);
  const lines = (await response.text()).split('\n').filter((line) => line !== '');
  return {
    rows: lines.map((line) => JSON.parse(line) as OutputRow),
    next: response.headers.get('x-next-row'),
  };
}

/** All rows of the output, each once, with its own answer. */
function expectWhole(folder: string, count: number): void {
  const rows = readOutput(folder).sort((a, b) => a.index - b.index);
  expect(indexes(rows)).toEqual(upTo(count));
  for (const row of rows) {
    expect(row.id).toBe(`row-${row.index}`);
    expect(row.predictions![0]!.index).toBe(row.index % 3);
  }
}

/** Files of rows that came with requests. */
const spooled = () => readdirSync(spool).toSorted();

async function storedBytes(job: string): Promise<number> {
  const redis = new Redis(service.redis.socketPath);
  const members = await redis.zrange(indexKeys.storedOf(DEFAULT_TENANT), '0', '-1');
  redis.disconnect();
  return Number(members.find((member) => member.startsWith(job))?.split('/')[1]);
}

async function loseRedis(): Promise<void> {
  const redis = new Redis(service.redis.socketPath);
  await redis.flushall();
  redis.disconnect();
}

describe('a retry', () => {
  it('runs only the failed rows, behind the parts that are there, and again until none is left', async () => {
    const { input, mend } = writeRows('some', 30, (i) => [3, 11, 12, 29].includes(i));
    const first = await service.ended((await service.submit({ input, options: { block_rows: 4 } })).id);
    expect(first.rows).toEqual({ total: 30, succeeded: 26, failed: 4, adopted: 0 });
    for (const i of [3, 12, 29]) mend(i);

    const second = await service.ended((await retry(first.id)).id);
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

    const all = await rowsOf(second.id);
    expect([indexes(all.rows), all.next]).toEqual([[3, 12, 29], '30']);
    expect(indexes((await rowsOf(second.id, '?from_row=4')).rows)).toEqual([12, 29]);
    expect(indexes((await rowsOf(second.id, '?from_row=4&include=errors')).rows)).toEqual([11, 12, 29]);
    // The first job is what it was.
    expect((await service.job(first.id)).rows).toEqual(first.rows);
    expect(indexes((await rowsOf(first.id)).rows)).toHaveLength(26);

    mend(11);
    const third = await service.ended((await retry(first.id)).id);
    expect(third).toMatchObject({ retry_of: first.id, rows: { total: 1, succeeded: 1, failed: 0 } });
    expectWhole(first.output, 30);
    expect(manifestOf(third)).toMatchObject({ output: { succeeded: 30, failed: 0 } });
    expect(manifestOf(third).jobs.map((job) => job.first_part)).toEqual([0, 8, 9]);
    for (const { errors: e } of manifestOf(third).parts) expect(e?.superseded ?? 0).toBe(e?.rows ?? 0);
    expect(await refused(`/v1/jobs/${third.id}/retry`)).toEqual([
      409,
      'invalid_state',
      expect.stringContaining('nothing to retry'),
    ]);
  });

  it('takes files of a folder again, and says what cannot be retried', async () => {
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
    const second = await service.ended((await retry(id)).id);
    expect(second.rows).toEqual({ total: 1, succeeded: 1, failed: 0, adopted: 0 });
    expect(readOutput(first.output).at(-1)).toMatchObject({ index: 4, id: '000004.png' });

    // Behind a retry the first dataset fits no more.
    const more = { model: 'tiny', input: { type: 'files', path: 'folder' }, output: first.output };
    expect(await refused('/v1/jobs', { ...more, options: { if_output_exists: 'resume' } })).toEqual([
      409,
      'resume_mismatch',
      expect.stringContaining('holds a retry'),
    ]);
    expect((await refused('/v1/jobs/job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z/retry'))[1]).toBe('job_not_found');
  });

  it('takes rows that came with the request again, as long as any of them has failed', async () => {
    const good = readFileSync(image(1));
    const bad = Buffer.from(good);
    bad.fill(0, 0, 8);
    const rows = upTo(7).map((i) => ({
      id: `row-${i}`,
      data: i === 5 ? 'not base64!' : (i === 2 ? bad : good).toString('base64'),
    }));
    const { id } = await service.submit({ input: { type: 'inline', rows }, options: { block_rows: 2 } });
    const first = await service.ended(id);
    expect(first.rows).toMatchObject({ succeeded: 5, failed: 2 });
    // They count as what their tenant has stored.
    const kept = ['blob', 'jsonl'].map((kind) => statSync(join(spool, `${id}.inline.${kind}`)).size);
    expect(await storedBytes(id)).toBeGreaterThan(kept[0]! + kept[1]!);
    const second = await service.ended((await retry(id)).id);
    expect(second).toMatchObject({ status: 'failed', error: { code: 'all_rows_failed' } });
    expect(spooled()).toEqual([`${second.id}.inline.blob`, `${second.id}.inline.jsonl`]);
    // The same bytes fail the same way: here somebody mends them in the spool, where a model would be mended.
    const blob = join(spool, `${second.id}.inline.blob`);
    const bytes = readFileSync(blob);
    good.copy(bytes, 2 * good.length);
    writeFileSync(blob, bytes);
    await loseRedis();
    const resumed = await service.ended((await resume(first.output)).id);
    expect(resumed.rows).toMatchObject({ succeeded: 0, failed: 2 });
    const third = await service.ended((await retry(resumed.id)).id);
    expect(third.rows).toEqual({ total: 2, succeeded: 1, failed: 1, adopted: 0 });
    expect(readOutput(first.output).at(-1)).toMatchObject({ index: 2, id: 'row-2' });
    expect(readOutput(first.output, 'errors').at(-1)).toMatchObject({
      index: 5,
      error: { code: 'invalid_row' },
    });
    for (const kind of ['blob', 'jsonl']) rmSync(join(spool, `${third.id}.inline.${kind}`));
    expect(await refused(`/v1/jobs/${third.id}/retry`)).toEqual([
      422,
      'input_not_found',
      expect.stringContaining('no longer kept'),
    ]);
  });

  it('waits for the job, and for its output to be whole', async () => {
    const { input } = writeRows('early', 200, (i) => i < 10);
    const { id } = await service.submit({ input, options: { block_rows: 2, max_errors: 3, concurrency: 2 } });
    expect((await refused(`/v1/jobs/${id}/retry`)).slice(1)).toEqual([
      'invalid_state',
      expect.stringContaining('once it has ended'),
    ]);
    const failed = await service.ended(id);
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'too_many_errors' } });
    expect((await refused(`/v1/jobs/${id}/retry`)).slice(1)).toEqual([
      'invalid_state',
      expect.stringContaining('not whole'),
    ]);
    const whole = await service.ended((await resume(failed.output, { options: { max_errors: null } })).id);
    expect(whole).toMatchObject({ status: 'completed', rows: { total: 200, succeeded: 190, failed: 10 } });
    const again10 = await service.ended((await retry(whole.id)).id);
    expect(again10).toMatchObject({ status: 'failed', error: { code: 'all_rows_failed' } });
  });

  it('goes on after the API was killed, and from the folder after the total loss of Redis', async () => {
    const { input, mend } = writeRows('many', 1200, () => true);
    const { id } = await service.submit({ input, options: { block_rows: 4, batch_size: 1 } });
    const first = await service.ended(id);
    expect(first.rows).toEqual({ total: 1200, succeeded: 0, failed: 1200, adopted: 0 });
    for (const i of upTo(1200)) mend(i);
    const second = await retry(id);
    const some = (job: JobWire) => job.blocks.done >= 5;
    await service.until(second.id, 'some commits', some);
    await service.restartApi();
    await service.until(second.id, 'more commits', (job) => job.blocks.done >= 15);
    await loseRedis();
    const third = await resume(first.output);
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

describe('a resume by output', () => {
  it('finishes what a folder holds when Redis has lost everything', async () => {
    const { input } = writeRows('lost', 1500, () => false);
    const output = service.out('lost');
    const { id } = await service.submit({ input, output, options: { block_rows: 5 }, metadata: { a: 'b' } });
    await service.until(id, 'some commits', (job) => job.blocks.done >= 5);
    await loseRedis();
    const next = await resume(output);
    expect(next.id).not.toBe(id);
    const job = await service.ended(next.id);
    expect(job).toMatchObject({
      status: 'completed',
      rows: { total: 1500, succeeded: 1500, failed: 0 },
      metadata: { a: 'b' },
      retry_of: null,
    });
    expectWhole(output, 1500);
  }, 90_000);

  it('takes rows that came with the request along while they are kept', async () => {
    const data = readFileSync(image(1)).toString('base64');
    const rows = upTo(9).map((i) => ({ id: `row-${i}`, data }));
    const output = service.out('spooled');
    const input = { type: 'inline', rows };
    const { id } = await service.submit({ input, output, options: { block_rows: 2, concurrency: 1 } });
    await service.post(`/v1/jobs/${id}/pause`, {});
    await loseRedis();
    const job = await service.ended((await resume(output)).id);
    expect(job).toMatchObject({ status: 'completed', rows: { total: 9, succeeded: 9, failed: 0 } });
    expect(indexes(readOutput(output))).toEqual(upTo(9));
    expect(spooled().filter((name) => name.startsWith(job.id) || name.startsWith(id))).toEqual([]);
  });

  it('and a retry are commands, too', async () => {
    const { input, mend } = writeRows('commands', 6, (i) => i === 2);
    const first = await service.ended((await service.submit({ input })).id);
    mend(2);
    const forebay = async (...argv: string[]) => {
      const terminal = recordingTerminal({ live: false });
      const context = { terminal, env: {}, cwd: service.folder, argv, program: 'forebay', connect };
      const code = await runProgram(context, '1');
      return { code, out: terminal.outText() };
    };
    const connect = (url: string) => createClient({ url });
    const retried = await forebay('retry', first.id, '--watch', '--json', '--url', service.url);
    expect(retried.code).toBe(0);
    expect(JSON.parse(retried.out)).toMatchObject({ job: { retry_of: first.id, rows: { succeeded: 1 } } });
    const { out } = await forebay(
      'resume',
      '--output',
      first.output,
      '--watch',
      '--json',
      '--url',
      service.url,
    );
    expect(JSON.parse(out)).toMatchObject({ job: { status: 'completed', retry_of: first.id } });
    expectWhole(first.output, 6);
  });

  it('says why it cannot', async () => {
    expect((await refused('/v1/jobs/resume', { output: service.out('nothing') })).slice(0, 2)).toEqual([
      404,
      'not_found',
    ]);
    expect((await refused('/v1/jobs/resume', { output: '/etc' })).slice(0, 2)).toEqual([
      403,
      'path_not_allowed',
    ]);
    const output = service.out('inline');
    const data = readFileSync(image(1)).toString('base64');
    const inline = { type: 'inline', rows: [{ id: 'a', data }] };
    await service.ended((await service.submit({ input: inline, output })).id);
    expect(await refused('/v1/jobs/resume', { output })).toEqual([
      422,
      'input_not_found',
      expect.stringContaining('no longer kept'),
    ]);
    // A job.json that somebody else has written leads nowhere that a request could not.
    const path = join(output, 'job.json');
    const spec = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    for (const dataset of [
      { type: 'files', root: '/etc' },
      { type: 'manifest', path: '/etc/passwd', base: service.input },
      { type: 'failed', folder: output, first: 0, end: 1, of: { type: 'files', root: '/etc' } },
    ]) {
      writeFileSync(path, JSON.stringify({ ...spec, dataset }));
      expect((await refused('/v1/jobs/resume', { output })).slice(0, 2)).toEqual([403, 'path_not_allowed']);
    }
  });
});
