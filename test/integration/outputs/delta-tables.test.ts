// Delta jobs over tables and archives: rows are compared by content, and found again by id in any order.
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { makeTar } from '../../support/archives.ts';
import { expectSameOutput, openReruns, type Reruns } from '../../support/reruns.ts';
import { colourImage, outputText, startService, upTo, type Service } from '../../support/service.ts';

let service: Service;
let reruns: Reruns;
let images: Buffer[];

beforeAll(async () => {
  service = await startService();
  reruns = await openReruns(service);
  images = await Promise.all([0, 1, 2].map(colourImage));
});
afterAll(async () => service.close());

interface Row {
  readonly id?: string;
  readonly image: string;
  readonly note?: string;
}

const imageOf = (i: number) => images[i % 3]!.toString('base64');
const rowOf = (i: number): Row => ({ id: `row/${i} é☃`, image: imageOf(i) });

interface Asked {
  delta?: string;
  blockRows?: number;
  more?: Record<string, unknown>;
}

function bodyOf(
  input: object,
  output: string,
  { delta, blockRows = 7, more }: Asked,
): Record<string, unknown> {
  return {
    input,
    output: service.out(output),
    ...(delta !== undefined && { delta: { previous: delta } }),
    options: { block_rows: blockRows, row_versions: 'content' },
    ...more,
  };
}

async function run(input: object, output: string, asked: Asked = {}): Promise<JobWire> {
  return service.ended((await service.submit(bodyOf(input, output, asked))).id);
}

const textsOf = (output: string) => outputText(service.out(output));

async function expectLikeWhole(input: object, output: string): Promise<void> {
  await run(input, `${output}-whole`);
  expectSameOutput(service.out(output), service.out(`${output}-whole`));
}

function writeJsonl(name: string, rows: readonly (Row | string)[]): { type: string; path: string } {
  const lines = rows.map((row) => (typeof row === 'string' ? row : JSON.stringify(row)));
  writeFileSync(join(service.input, name), lines.join('\n'));
  return { type: 'jsonl', path: name };
}

const vanishedOf = ({ output }: JobWire) =>
  readFileSync(join(output, 'vanished.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { index: number; id: string });

describe('a delta job over a table', () => {
  it.concurrent('finds rows by id in any order, and computes what is new, changed or failed before', async () => {
    const rows = upTo(40).map(rowOf);
    const first = await run(
      writeJsonl('monday.jsonl', [...rows.slice(0, 39), { ...rows[39]!, image: 'none' }]),
      'monday',
    );
    expect(first).toMatchObject({ rows: { succeeded: 39, failed: 1 } });
    const now = [...rows.slice(0, 20), rowOf(100), ...rows.slice(21).toReversed(), rowOf(101)];
    now[5] = { ...now[5]!, image: imageOf(0) };
    const input = writeJsonl('tuesday.jsonl', now);
    const second = await run(input, 'tuesday', { delta: first.id, blockRows: 4 });
    expect(second).toMatchObject({
      status: 'completed',
      rows: { total: 41, succeeded: 41 },
      delta: { taken_over: 37, computed: { new: 2, changed: 1, failed_before: 1 }, vanished: 1 },
    });
    expect(vanishedOf(second)).toEqual([{ index: 20, id: rows[20]!.id }]);
    await expectLikeWhole(input, 'tuesday');

    const chosen = (output: string) => ({
      more: { output: { path: service.out(output), select: ['label'] } },
    });
    const third = await run(input, 'wednesday', { delta: second.output, ...chosen('wednesday') });
    expect(third.delta).toMatchObject({ by: 'content', taken_over: 41, vanished: 0 });
    await run(input, 'wednesday-whole', chosen('wednesday-whole'));
    expect(textsOf('wednesday')).toBe(textsOf('wednesday-whole'));
    const refused = await reruns.refused('/v1/jobs', {
      model: 'tiny',
      ...bodyOf(input, 'thursday', { delta: third.id }),
    });
    expect(refused[2]).toContain('only chosen columns');
  });

  it.concurrent('gives the same output if it is stopped and resumed after rows were sorted', async () => {
    const rows = upTo(300).map(rowOf);
    await run(writeJsonl('long-1.jsonl', rows), 'long-1', { blockRows: 50 });
    const now = [...rows.slice(0, 40), ...rows.slice(60).toReversed(), rowOf(1000)];
    const input = writeJsonl('long-2.jsonl', now);
    const begun = await service.submit(
      bodyOf(input, 'long-2', { delta: service.out('long-1'), blockRows: 4 }),
    );
    await service.until(begun.id, 'some commits', (job) => job.blocks.done >= 3);
    await service.post(`/v1/jobs/${begun.id}/cancel`, {});
    await service.ended(begun.id);
    const job = await service.ended((await reruns.resume(service.out('long-2'))).id);
    expect(job).toMatchObject({
      status: 'completed',
      delta: { taken_over: 280, computed: { new: 1, changed: 0, failed_before: 0 }, vanished: 20 },
    });
    await expectLikeWhole(input, 'long-2');
  });

  it.concurrent('compares the files that rows lead to, and the columns that are joined', async () => {
    const folder = join(service.input, 'listed');
    mkdirSync(folder);
    for (const i of upTo(12)) writeFileSync(join(folder, `${i}.png`), images[i % 3]!);
    const rows = upTo(12).map((i) => ({ image: `listed/${i}.png`, note: `n${i}`, other: i }));
    const joined = { more: { output: { path: '', format: 'csv', join: ['note'] } } };
    const withOutput = (output: string, delta?: string): Asked => ({
      ...(delta && { delta }),
      more: { output: { ...joined.more.output, path: service.out(output) } },
    });
    const first = await run(
      writeJsonl(
        'notes.jsonl',
        rows.map((row) => JSON.stringify(row)),
      ),
      '',
      withOutput('notes-1'),
    );
    writeFileSync(join(folder, '3.png'), images[1]!);
    utimesSync(join(folder, '4.png'), 1, 1);
    const now = rows.map((row, i) => (i === 7 ? { ...row, note: 'other' } : { ...row, other: -1 }));
    const input = writeJsonl(
      'notes.jsonl',
      now.map((row) => JSON.stringify(row)),
    );
    const second = await run(input, '', withOutput('notes-2', first.id));
    expect(second.delta).toMatchObject({ taken_over: 10, computed: { new: 0, changed: 2 }, vanished: 0 });
    await run(input, '', withOutput('notes-3'));
    expect(textsOf('notes-2')).toBe(textsOf('notes-3'));
  });

  it.concurrent('compares members of archives, and a retry keeps the versions of its rows', async () => {
    const writeTar = (name: string, files: Record<string, Buffer>) =>
      writeFileSync(
        join(service.input, name),
        makeTar(Object.entries(files).map(([file, body]) => ({ name: file, body }))),
      );
    const files = Object.fromEntries(upTo(9).map((i) => [`${i}.png`, images[i % 3]!]));
    writeTar('photos.tar', { ...files, '5.png': Buffer.alloc(images[2]!.length, 'x') });
    const input = { type: 'archive', path: 'photos.tar' };
    const first = await run(input, 'photos-1', { blockRows: 4 });
    writeTar('photos.tar', files);
    const retried = await service.ended((await reruns.retry(first.id)).id);
    expect(retried.rows).toMatchObject({ succeeded: 1 });
    writeTar('photos.tar', { 'a.png': images[0]!, ...files, '8.png': images[0]! });
    const second = await run(input, 'photos-2', { delta: first.output });
    expect(second.delta).toMatchObject({
      taken_over: 8,
      computed: { new: 1, changed: 1, failed_before: 0 },
      vanished: 0,
    });
    await expectLikeWhole(input, 'photos-2');
  });
});

describe('a delta job by content', () => {
  it.concurrent('takes over what has the same bytes, whatever the time of its file', async () => {
    const folder = join(service.input, 'touched');
    mkdirSync(folder);
    for (const i of upTo(10)) writeFileSync(join(folder, `${i}.png`), images[i % 3]!);
    const input = { type: 'files', path: 'touched' };
    const plain = await run(input, 'touched-0', { more: { options: {} } });
    const first = await run(input, 'touched-1');
    for (const i of upTo(10)) utimesSync(join(folder, `${i}.png`), 1, 1);
    writeFileSync(join(folder, '2.png'), images[0]!);
    writeFileSync(join(folder, '3.png'), 'broken');
    const by = (previous: JobWire) => ({ more: { delta: { previous: previous.id, by: 'content' } } });
    const second = await run(input, 'touched-2', by(first));
    expect(second).toMatchObject({
      rows: { succeeded: 9, failed: 1 },
      delta: { taken_over: 8, computed: { new: 0, changed: 2 } },
    });
    await expectLikeWhole(input, 'touched-2');
    const refused = async (body: object) => (await reruns.refused('/v1/jobs', { model: 'tiny', ...body }))[2];
    expect(await refused(bodyOf(input, 'touched-3', by(plain)))).toContain('--row-versions content');
    expect(await refused(bodyOf(input, 'touched-3', { delta: first.id }))).toContain('--delta-by content');
  });
});
