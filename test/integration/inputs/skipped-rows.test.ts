// What a listing skips, as the job and its manifest report it, on real processes.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { colourImage, readOutput, startService, type Service } from '../../support/service.ts';

let service: Service;
let elsewhere: string;
let image: Buffer;

beforeAll(async () => {
  service = await startService();
  elsewhere = mkdtempSync(join(tmpdir(), 'forebay-elsewhere-'));
  image = await colourImage(1);
  writeFileSync(join(elsewhere, 'secret.png'), image);
});
afterAll(async () => {
  await service.close();
  rmSync(elsewhere, { recursive: true });
});

function put(...names: string[]): void {
  for (const name of names) {
    mkdirSync(join(service.input, name, '..'), { recursive: true });
    writeFileSync(join(service.input, name), image);
  }
}

const submit = async (path: string, more: Record<string, unknown> = {}): Promise<JobWire> =>
  service.submit({ input: { type: 'files', path, ...more } });
const idsIn = (output: string) => readOutput(output).map(({ id }) => id);
const manifestOf = (output: string) =>
  JSON.parse(readFileSync(join(output, 'manifest.json'), 'utf8')) as Record<string, unknown>;

describe('a folder with more in it than images', () => {
  it('has its skipped entries counted in the job and its manifest, and a broken link becomes a failed row', async () => {
    put('mixed/a.png', 'mixed/no-extension', 'mixed/notes.txt', 'mixed/sub/b.png', 'mixed/sub/labels.csv');
    writeFileSync(join(service.input, 'mixed/text.png'), 'not an image');
    put('beside/c.png');
    symlinkSync(elsewhere, join(service.input, 'mixed/out'));
    symlinkSync(join(service.input, 'beside'), join(service.input, 'mixed/within'));
    symlinkSync('nowhere', join(service.input, 'mixed/broken.png'));
    const job = await service.ended((await submit('mixed')).id);
    expect(job).toMatchObject({ status: 'completed', rows: { total: 6, succeeded: 4, failed: 2 } });
    expect(job.skipped).toEqual({
      not_images: { count: 2, first: ['notes.txt', 'sub/labels.csv'] },
      links_outside: { count: 1, first: ['out'] },
    });
    expect(idsIn(job.output)).toEqual(['a.png', 'no-extension', 'sub/b.png', 'within/c.png']);
    expect(readOutput(job.output, 'errors').map(({ id, error }) => [id, error!.code])).toEqual([
      ['broken.png', 'file_not_found'],
      ['text.png', 'unsupported_format'],
    ]);
    expect(manifestOf(job.output)['skipped']).toEqual(job.skipped);
  });

  it('keeps the count when the API is killed during the listing', async () => {
    for (let i = 10; i < 40; i++) put(`halves/${i}.png`, `halves/${i}.txt`);
    const { id } = await service.submit({
      input: { type: 'files', path: 'halves' },
      options: { block_rows: 1, concurrency: 1 },
    });
    await service.until(id, 'some blocks', (job) => job.blocks.done > 5);
    await service.restartApi();
    const job = await service.ended(id);
    expect(job).toMatchObject({ status: 'completed', rows: { total: 30, failed: 0 } });
    expect(job.skipped).toEqual({ not_images: { count: 30, first: ['10.txt', '11.txt', '12.txt'] } });
  });

  it('also gives rows of files without an image extension if the job asks for them', async () => {
    put('asked/a.png', 'asked/b.txt');
    const job = await service.ended((await submit('asked', { include: ['*.txt'] })).id);
    expect(idsIn(job.output)).toEqual(['b.txt']);
    expect(idsIn((await service.ended((await submit('asked/b.txt')).id)).output)).toEqual(['b.txt']);
  });
});

describe('an output of a job without a listing rule, as older versions wrote it', () => {
  it('is resumed with the rows that the older version listed', async () => {
    put('old/a.png', 'old/b.txt', 'old/c.png');
    const output = service.out('old');
    const body = { input: { type: 'files', path: 'old' }, output, options: { block_rows: 1 } };
    const first = await service.ended((await service.submit(body)).id);
    expect(idsIn(output)).toEqual(['a.png', 'c.png']);
    // An older version would have listed three rows. The test changes the output as if it had finished the first two.
    const path = join(output, 'job.json');
    const described = JSON.parse(readFileSync(path, 'utf8')) as { v: number; dataset: { listing?: number } };
    expect(described).toMatchObject({ v: 2, dataset: { listing: 2 } });
    described.v = 1;
    delete described.dataset.listing;
    writeFileSync(path, JSON.stringify(described));
    const renumbered = readFileSync(join(output, 'part-00000001.jsonl'), 'utf8').replace('c.png', 'b.txt');
    writeFileSync(join(output, 'part-00000001.jsonl'), renumbered);

    const again = await service.submit({ ...body, options: { if_output_exists: 'resume' } });
    expect(await service.ended(again.id)).toMatchObject({ status: 'completed', skipped: {} });
    expect(idsIn(output)).toEqual(['a.png', 'b.txt', 'c.png']);
    const resumed = JSON.parse(readFileSync(path, 'utf8')) as { dataset: { listing: number } };
    expect(resumed.dataset.listing).toBe(1);
    expect(first.status).toBe('completed');
  });
});

describe('an input without a row', () => {
  it('is reported with the pattern that nearly matches', async () => {
    put('cased/a.png', 'cased/b.png');
    const job = await service.ended((await submit('cased/*.PNG')).id);
    expect(job).toMatchObject({
      status: 'completed',
      reason: 'empty_dataset',
      reason_text: '"*.PNG" matches no file, but "*.png" matches 2 files: letter case matters.',
    });
  });

  it('is reported with what was skipped', async () => {
    put('texts/a.txt', 'texts/.hidden.png');
    const job = await service.ended((await submit('texts')).id);
    expect(job.reason_text).toBe(
      'Left out: 1 hidden entry (.hidden.png); 1 file with a non-image extension (a.txt).',
    );
    expect(job.skipped).toMatchObject({ hidden: { count: 1 }, not_images: { count: 1 } });
  });
});
