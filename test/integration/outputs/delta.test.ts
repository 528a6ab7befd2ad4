// Delta jobs on the real service: results of unchanged files are taken over, and the output is that of a whole job.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { expectSameOutput, openReruns, type Reruns } from '../../support/reruns.ts';
import {
  colourImage,
  outputText,
  readOutput,
  startService,
  upTo,
  type Service,
} from '../../support/service.ts';

let service: Service;
let reruns: Reruns;
let images: Buffer[];
/** Each file that is written gets a later time, long ago, as files of a camera have. */
let clock = 1_700_000_000;

beforeAll(async () => {
  service = await startService();
  reruns = await openReruns(service);
  images = await Promise.all([0, 1, 2].map(colourImage));
});
afterAll(async () => service.close());

function write(file: string, content: Buffer | string): void {
  const path = join(service.input, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  utimesSync(path, ++clock, clock);
}

const nameOf = (i: number) => `${String(i).padStart(4, '0')}.png`;

function writeFolder(folder: string, count: number): void {
  for (const i of upTo(count)) write(`${folder}/${nameOf(i)}`, images[i % 3]!);
}

interface Asked {
  delta?: string;
  blockRows?: number;
  more?: Record<string, unknown>;
}

async function submit(
  folder: string,
  output: string,
  { delta, blockRows = 7, more }: Asked,
): Promise<JobWire> {
  return service.submit({
    input: { type: 'files', path: folder },
    output: service.out(output),
    ...(delta !== undefined && { delta: { previous: delta } }),
    options: { block_rows: blockRows },
    ...more,
  });
}

async function run(folder: string, output: string, asked: Asked = {}): Promise<JobWire> {
  return service.ended((await submit(folder, output, asked)).id);
}

async function expectLikeWhole(folder: string, output: string): Promise<void> {
  await run(folder, `${output}-whole`);
  expectSameOutput(service.out(output), service.out(`${output}-whole`));
}

describe('a delta job', () => {
  it.concurrent('computes what is new, changed or failed before, and its output is that of a whole job', async () => {
    writeFolder('grown', 40);
    write('grown/sub/1.png', images[1]!);
    write('grown/sub.png', images[2]!);
    write(`grown/${nameOf(10)}`, 'broken');
    const first = await run('grown', 'monday');
    expect(first).toMatchObject({ delta: null, rows: { succeeded: 41, failed: 1 } });

    write('grown/0003-inserted.png', images[1]!);
    write('grown/sub/0.png', images[2]!);
    write(`grown/${nameOf(10)}`, images[1]!);
    write(`grown/${nameOf(30)}`, images[1]!);
    write(`grown/${nameOf(31)}`, 'broken now');
    rmSync(join(service.input, 'grown', nameOf(20)));
    rmSync(join(service.input, 'grown/sub.png'));
    const second = await run('grown', 'tuesday', { delta: first.id, blockRows: 4 });
    expect(second).toMatchObject({
      status: 'completed',
      rows: { total: 42, succeeded: 41, failed: 1 },
      delta: {
        previous: { job: first.id, output: first.output },
        taken_over: 37,
        computed: { new: 2, changed: 2, failed_before: 1 },
        vanished: 2,
        recompute: null,
      },
    });
    expect(readFileSync(join(second.output, 'vanished.jsonl'), 'utf8')).toBe(
      '{"index":20,"id":"0020.png"}\n{"index":41,"id":"sub.png"}\n',
    );
    const manifest = JSON.parse(readFileSync(join(second.output, 'manifest.json'), 'utf8')) as JobWire;
    expect(manifest.delta).toEqual(second.delta);
    expect(existsSync(join(second.output, '_SUCCESS'))).toBe(true);
    await expectLikeWhole('grown', 'tuesday');

    // The output of a delta job, in which a retry has answered a row, is as good as that of a whole job.
    write(`grown/${nameOf(31)}`, images[0]!);
    const retried = await service.ended((await reruns.retry(second.id)).id);
    expect(retried).toMatchObject({ status: 'completed', delta: null, rows: { succeeded: 1 } });
    const third = await run('grown', 'wednesday', { delta: second.output });
    expect(third.delta).toMatchObject({
      previous: { job: retried.id },
      taken_over: 42,
      computed: { new: 0, changed: 0, failed_before: 0 },
      vanished: 0,
    });
    await expectLikeWhole('grown', 'wednesday');
  });

  it.concurrent.each([
    ['jsonl', {}],
    ['parquet', { partition_by: 'label' }],
  ])('takes rows over from a compacted output into another, which is as good: %s %j', async (format, by) => {
    const folder = `files-${format}-${Object.keys(by).length}`;
    writeFolder(folder, 30);
    write(`${folder}/${nameOf(10)}`, 'broken');
    const compact = { format, compact: { files: 3 }, ...by };
    const files = (name: string) => ({ output: { path: service.out(name), ...compact } });
    const first = await run(folder, `${folder}-1`, { more: files(`${folder}-1`), blockRows: 4 });
    expect(readdirSync(first.output).filter((name) => /^(part|_rows)/.test(name))).toEqual([]);

    write(`${folder}/${nameOf(20)}`, images[1]!);
    write(`${folder}/0003-inserted.png`, images[1]!);
    write(`${folder}/${nameOf(10)}`, images[1]!);
    rmSync(join(service.input, folder, nameOf(25)));
    const more = files(`${folder}-2`);
    const job = await run(folder, `${folder}-2`, { delta: first.id, blockRows: 3, more });
    expect(job).toMatchObject({
      status: 'completed',
      delta: { taken_over: 27, computed: { new: 1, changed: 1, failed_before: 1 }, vanished: 1 },
    });
    expect(readFileSync(join(job.output, 'vanished.jsonl'), 'utf8')).toBe('{"index":25,"id":"0025.png"}\n');
    expect(readdirSync(job.output).filter((name) => /^(part|_rows)/.test(name))).toEqual([]);
    const next = await run(folder, `${folder}-3`, { delta: job.output });
    expect(next.delta).toMatchObject({ taken_over: 30, vanished: 0 });
    await expectLikeWhole(folder, `${folder}-3`);
  });

  it.concurrent('gives the same output if it is stopped, resumed, and its worker is killed', async () => {
    writeFolder('long', 900);
    await run('long', 'long-1', { blockRows: 50 });
    for (const i of upTo(300)) write(`long/${nameOf(i * 3)}`, images[(i + 1) % 3]!);
    const begun = await submit('long', 'long-2', { delta: service.out('long-1'), blockRows: 3 });
    await service.until(begun.id, 'some commits', (job) => job.blocks.done >= 3);
    await service.post(`/v1/jobs/${begun.id}/cancel`, {});
    await service.ended(begun.id);
    const worker = await service.startWorker();
    const { id } = await reruns.resume(service.out('long-2'));
    await service.until(id, 'more commits', (job) => job.blocks.done >= 20);
    worker.kill('SIGKILL');
    const job = await service.ended(id);
    expect(job).toMatchObject({
      status: 'completed',
      rows: { total: 900, succeeded: 900 },
      delta: { taken_over: 600, computed: { new: 0, changed: 300, failed_before: 0 }, vanished: 0 },
    });
    await expectLikeWhole('long', 'long-2');
  });

  it.concurrent('computes rows again if their earlier part has changed, and all rows if an option differs', async () => {
    writeFolder('edited', 12);
    const first = await run('edited', 'edited-1', { blockRows: 4 });
    appendFileSync(
      join(first.output, 'part-00000001.jsonl'),
      '{"index":99,"id":"forged","predictions":[]}\n',
    );
    const second = await run('edited', 'edited-2', { delta: first.id });
    expect(second.delta).toMatchObject({ taken_over: 8, computed: { new: 0, changed: 4 } });
    await expectLikeWhole('edited', 'edited-2');

    const third = await run('edited', 'edited-3', {
      delta: second.id,
      more: { options: { block_rows: 5, top_k: 1 } },
    });
    expect(third.delta).toMatchObject({
      taken_over: 0,
      computed: { changed: 12 },
      recompute: 'top_k 2 then, 1 now',
    });
    expect(readOutput(third.output).every(({ predictions }) => predictions!.length === 1)).toBe(true);

    const asCsv = await run('edited', 'edited-4', {
      delta: third.id,
      more: { output: { path: service.out('edited-4'), format: 'csv' }, options: { top_k: 1 } },
    });
    const fromCsv = await run('edited', 'edited-5', { delta: asCsv.id, more: { options: { top_k: 1 } } });
    expect([asCsv.delta?.taken_over, fromCsv.delta?.taken_over]).toEqual([12, 12]);
    expect(outputText(service.out('edited-5'))).toBe(outputText(service.out('edited-3')));
  });

  it.concurrent('is refused with the reason if nothing can be taken over', async () => {
    writeFolder('small', 2);
    const first = await run('small', 'small-1');
    const input = { type: 'files', path: 'small' };
    const refused = async (body: Record<string, unknown>) =>
      reruns.refused('/v1/jobs', { model: 'tiny', input, output: service.out('small-2'), ...body });
    const delta = { previous: first.id };
    expect(
      await refused({ delta, output: first.output, options: { if_output_exists: 'overwrite' } }),
    ).toEqual([400, 'invalid_request', expect.stringContaining('Choose another output')]);
    const { input: listed } = reruns.writeRows('listed', 2, () => false);
    expect((await refused({ delta, input: listed }))[2]).toContain('the type "manifest"');
    expect((await refused({ delta: { previous: service.out('nothing') } }))[2]).toContain('has no job.json');
    expect(await refused({ delta: { previous: '/etc' } })).toEqual([
      403,
      'path_not_allowed',
      expect.stringMatching(/^Cannot take results over from the earlier output: .*"\/etc"/),
    ]);
    expect((await refused({ delta: { previous: 'job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z' } })).slice(0, 2)).toEqual([
      404,
      'job_not_found',
    ]);
    expect((await refused({ delta: { previous: first.id, by: 'hash' } })).slice(0, 2)).toEqual([
      400,
      'invalid_request',
    ]);
    // A forged job.json gives access only to what a request could name.
    await run('small', 'small-3', { delta: first.id });
    const path = join(service.out('small-3'), 'job.json');
    const spec = JSON.parse(readFileSync(path, 'utf8')) as { delta: object };
    writeFileSync(path, JSON.stringify({ ...spec, delta: { ...spec.delta, output: '/etc' } }));
    expect((await reruns.refused('/v1/jobs/resume', { output: service.out('small-3') })).slice(0, 2)).toEqual(
      [403, 'path_not_allowed'],
    );
    const plan = (await (
      await service.post('/v1/plan', { model: 'tiny', input, output: service.out('small-2'), delta })
    ).json()) as { delta: unknown };
    expect(plan.delta).toMatchObject({ taken_over: 2, whole: true, computed: { new: 0 }, recompute: null });
    for (const name of readdirSync(first.output).filter((file) => file.startsWith('_rows-')))
      rmSync(join(first.output, name));
    expect((await refused({ delta }))[2]).toContain('did not record the versions of rows');
    expect(existsSync(service.out('small-2'))).toBe(false);
  });
});
