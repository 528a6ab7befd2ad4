// A feeder opens an output or ends a job, also while another feeder is frozen in the same step. Redis and files are
// real.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createFinaliser } from '#forebay/api/feeder/manifest/finalise-job.js';
import { continuedJob } from '#forebay/api/jobs/output/continued-job.js';
import { takeOverOutput } from '#forebay/api/jobs/output/take-over-output.js';
import type { JobSpec, Opening } from '#forebay/shared/domain/job/job.js';
import { LeaseLost } from '#forebay/shared/queue/jobs/lease.js';
import { makeSpec, useQueueLayer } from '../../support/queue.ts';

const layer = useQueueLayer();
const base = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-open-')));
afterAll(() => rmSync(base, { recursive: true, force: true }));

function folderWith(name: string, files: Record<string, string>): string {
  const folder = join(base, name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}
const overwriting = (output: string): JobSpec =>
  makeSpec({ output, opening: { if_output_exists: 'overwrite', earlier: null, cut_part: null } });
const old = { 'part-00000000.jsonl': 'old', 'errors-00000000.jsonl': 'old', 'manifest.json': '{}' };
const yes = async () => true;
const takeOver = async (spec: JobSpec, ...rest: [Opening, string, () => Promise<boolean>]) =>
  takeOverOutput(layer.outputs.of(spec.output), spec, ...rest);

it('a feeder that was frozen while it opened an output deletes no file of the feeder that took over', async () => {
  const output = folderWith('frozen', { ...old, 'notes.txt': 'mine' });
  const spec = overwriting(output);
  const frozen = takeOver(spec, spec.opening!, 'first', async () => {
    // The first feeder still has its lease and is frozen here. The second feeder takes over and opens the output, and a
    // part is published.
    await takeOver(spec, spec.opening!, 'second', yes);
    writeFileSync(join(output, 'part-00000000.jsonl'), 'new');
    return true;
  });
  await expect(frozen).rejects.toThrow(LeaseLost);
  expect(readFileSync(join(output, 'part-00000000.jsonl'), 'utf8')).toBe('new');
  expect(readdirSync(output).toSorted()).toEqual(['job.json', 'notes.txt', 'part-00000000.jsonl']);
});

it('a feeder that has lost its lease opens nothing', async () => {
  const output = folderWith('lost', old);
  const spec = overwriting(output);
  await expect(takeOver(spec, spec.opening!, 'late', async () => false)).rejects.toThrow(LeaseLost);
  expect(readdirSync(output).toSorted()).toEqual(Object.keys(old).toSorted());
});

it('an output that is opened twice keeps what the first opening left', async () => {
  const output = folderWith('twice', { ...old, 'job.json': '{}' });
  const spec = overwriting(output);
  await takeOver(spec, spec.opening!, 'first', yes);
  await takeOver(spec, spec.opening!, 'second', yes);
  expect(readdirSync(output)).toEqual(['job.json']);
  expect(JSON.parse(readFileSync(join(output, 'job.json'), 'utf8'))).toMatchObject({ id: spec.id });
});

it('an output that another job has used since the submit is left to that job', async () => {
  const output = folderWith('used', {});
  const late = makeSpec({ output });
  const other = makeSpec({ output });
  await takeOver(other, other.opening!, 'x', yes);
  const opening = takeOver(late, late.opening!, 'y', yes);
  await expect(opening).rejects.toMatchObject({ code: 'output_not_empty' });
  const earlier = { job: late.id, model_hash: late.model.hash };
  const resuming = { if_output_exists: 'resume' as const, earlier, cut_part: null };
  await expect(takeOver(late, resuming, 'z', yes)).rejects.toMatchObject({ code: 'resume_mismatch' });
  expect(JSON.parse(readFileSync(join(output, 'job.json'), 'utf8'))).toMatchObject({ id: other.id });
  expect(readdirSync(output)).toEqual(['job.json']);
});

it('a job that ends before its output was opened leaves the output unchanged', async () => {
  const output = folderWith('unopened', old);
  const spec = overwriting(output);
  await layer.make(spec, 4);
  await layer.window.holdLease(spec.id, 'lease', 60_000);
  await layer.jobs.transition(spec.id, 'cancelling');
  await finaliser()(await layer.jobs.mustGet(spec.id), 'lease');
  expect((await layer.jobs.mustGet(spec.id)).status).toBe('cancelled');
  expect(readdirSync(output).toSorted()).toEqual(Object.keys(old).toSorted());
  expect(await layer.jobs.outputHolder(output)).toBeNull();
});

it('a feeder that is frozen before it publishes its manifest does not replace that of the next job', async () => {
  const output = folderWith('manifest', {});
  const spec = makeSpec({ output });
  await layer.make(spec, 0);
  await layer.window.holdLease(spec.id, 'frozen', 60_000);
  await takeOver(spec, spec.opening!, 'frozen', yes);
  await layer.jobs.markOpened(spec.id, 'frozen');
  await layer.jobs.transition(spec.id, 'finalizing');
  const record = await layer.jobs.mustGet(spec.id);
  const frozen = finaliser(async () => {
    // Another feeder gets the lease and ends the job. The next job then writes to the output.
    await layer.redis.del(`forebay:{${spec.id}}:lease`);
    await layer.window.holdLease(spec.id, 'next', 60_000);
    await finaliser()(record, 'next');
    const other = overwriting(output);
    await layer.make(other, 4);
    await takeOver(other, other.opening!, 'other', yes);
    writeFileSync(join(output, 'manifest.json'), 'of the next job');
  })(record, 'frozen');
  await expect(frozen).rejects.toThrow();
  expect(readFileSync(join(output, 'manifest.json'), 'utf8')).toBe('of the next job');
});

it('an output that is replaced loses _SUCCESS and parts of every format', async () => {
  const parts = { 'part-00000000.csv': 'old', 'part-00000001.parquet': 'old', 'part-00000002.txt': 'mine' };
  const output = folderWith('formats', { ...old, ...parts, _SUCCESS: '' });
  const spec = overwriting(output);
  await takeOver(spec, spec.opening!, 'lease', yes);
  expect(readdirSync(output).toSorted()).toEqual(['job.json', 'part-00000002.txt']);
});

it('a resumed output has no _SUCCESS while the job writes, but a retry keeps it', async () => {
  const first = overwriting(folderWith('resumed', {}));
  await takeOver(first, first.opening!, 'first', yes);
  for (const [retry_of, isKept] of [
    [first.id, true],
    [null, false],
  ] as const) {
    writeFileSync(join(first.output, '_SUCCESS'), '');
    const opening = { if_output_exists: 'resume', earlier: continuedJob(first), cut_part: null } as const;
    const next = makeSpec({ output: first.output, resume: true, retry_of, opening });
    await takeOver(next, opening, 'next', yes);
    expect(existsSync(join(first.output, '_SUCCESS'))).toBe(isKept);
    writeFileSync(join(first.output, 'job.json'), JSON.stringify(first));
  }
});

it('a retry that ends before its output was opened brings _SUCCESS back to the files of the earlier job', async () => {
  const first = overwriting(folderWith('retried', {}));
  await takeOver(first, first.opening!, 'first', yes);
  writeFileSync(join(first.output, 'manifest.json'), `{\n"job":"${first.id}",\n"compact":{"files":1}\n}\n`);
  writeFileSync(join(first.output, '_SUCCESS'), '');
  const opening = { if_output_exists: 'resume', earlier: continuedJob(first), cut_part: null } as const;
  const compact = { size: { files: 1 }, first_file: 1 };
  const retry = makeSpec({ output: first.output, retry_of: first.id, opening, compact });
  await layer.make(retry, 1);
  await layer.window.holdLease(retry.id, 'dies', 60_000);
  await takeOver(retry, opening, 'dies', yes);
  expect(existsSync(join(first.output, '_SUCCESS'))).toBe(false);
  await layer.jobs.transition(retry.id, 'cancelling');
  await finaliser()(await layer.jobs.mustGet(retry.id), 'dies');
  expect(readdirSync(first.output).toSorted()).toEqual(['_SUCCESS', 'job.json', 'manifest.json']);
});

it('a completed job ends with an empty _SUCCESS, and a job that did not complete ends without one', async () => {
  const output = folderWith('ended', {});
  const end = async (through: 'finalizing' | 'cancelling') => {
    const spec = overwriting(output);
    await layer.make(spec, 0);
    await layer.window.holdLease(spec.id, 'lease', 60_000);
    await takeOver(spec, spec.opening!, 'lease', yes);
    await layer.jobs.markOpened(spec.id, 'lease');
    await layer.jobs.transition(spec.id, through);
    // An attempt to end the job may have written the file before it died.
    writeFileSync(join(output, '_SUCCESS'), 'left');
    await finaliser()(await layer.jobs.mustGet(spec.id), 'lease');
    return readdirSync(output).toSorted();
  };
  expect(await end('finalizing')).toEqual(['_SUCCESS', 'job.json', 'manifest.json']);
  expect(readFileSync(join(output, '_SUCCESS'), 'utf8')).toBe('');
  expect(await end('cancelling')).toEqual(['job.json', 'manifest.json']);
});

/** `midway` runs while the manifest is being written. */
function finaliser(midway: () => Promise<void> = async () => {}) {
  return createFinaliser({
    ...layer,
    workers: {
      async batchInvariance(model) {
        await midway();
        return layer.workers.batchInvariance(model);
      },
    },
    spool: { discard: async () => {}, spooledBytes: async () => 0 },
  });
}
