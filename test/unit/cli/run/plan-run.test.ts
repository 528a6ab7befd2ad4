// How the flags of `forebay run` become a request and the settings of the run's processes.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planRun, type RunFlags } from '#forebay/cli/run/plan-run.js';
import { withRunModel } from '#forebay/cli/run/with-run-model.js';
import { writeTinyModel } from '../../../support/service.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'plan-run-'));
  writeTinyModel(join(folder, 'models', 'tiny'), 'tiny');
  mkdirSync(join(folder, 'photos', 'sub'), { recursive: true });
  writeFileSync(join(folder, 'photos', 'a.jpg'), 'x');
  writeFileSync(join(folder, 'list.txt'), 'photos/a.jpg\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the plan of a run', () => {
  const plan = (given: Partial<RunFlags>) => {
    const flags = { output: 'out', workers: 1, ...given };
    const env = { REDIS_URL: 'redis://x', HOME: '/h' };
    return withRunModel({ model: 'models/tiny' }, { cwd: folder, env }, (model) =>
      planRun(model, flags, folder, env),
    );
  };

  it('asks for a format only if one was given', async () => {
    const { body } = await plan({ input: 'photos', format: 'csv' });
    expect(body.output).toEqual({ path: join(folder, 'out'), format: 'csv' });
  });

  it('gives the processes only the folders of the run, and a private Redis', async () => {
    const { env, body, modelName } = await plan({ input: 'photos', lanes: 2 });
    expect(modelName).toBe('tiny');
    expect(body).toEqual({
      model: 'tiny',
      input: { type: 'files', path: join(folder, 'photos') },
      output: join(folder, 'out'),
      options: {},
    });
    expect(env).toMatchObject({
      HOME: '/h',
      FOREBAY_MODELS_DIR: join(folder, 'models', 'tiny'),
      FOREBAY_INPUT_ROOTS: join(folder, 'photos'),
      FOREBAY_FOLLOW_LINKS: 'on',
      FOREBAY_OUTPUT_ROOTS: folder,
      FOREBAY_LANES: '2',
      FOREBAY_PORT: '0',
    });
    expect(env).not.toHaveProperty('REDIS_URL');
  });

  it('allows a glob to read only the folder before its first wildcard', async () => {
    const { env, body } = await plan({ input: 'photos/**/*.jpg' });
    expect(body.input).toEqual({ type: 'files', path: join(folder, 'photos/**/*.jpg') });
    expect(env['FOREBAY_INPUT_ROOTS']).toBe(join(folder, 'photos'));
  });

  it('accepts a single file and a manifest', async () => {
    expect((await plan({ input: 'photos/a.jpg' })).body.input).toEqual({
      type: 'files',
      path: join(folder, 'photos/a.jpg'),
    });
    const manifest = await plan({ manifest: 'list.txt' });
    expect(manifest.body.input).toEqual({ type: 'manifest', path: join(folder, 'list.txt') });
    expect(manifest.env['FOREBAY_INPUT_ROOTS']).toBe('/:s3://:az://');
  });

  it.each([
    ['s3://photos/in/', 's3://photos/in/'],
    ['s3://photos/in/**/*.jpg', 's3://photos/in/'],
    ['s3://photos/in/a.jpg', 's3://photos/in/'],
    ['s3://photos', 's3://photos/'],
  ])('allows the input %s to read only %s', async (input, root) => {
    const { env, body } = await plan({ input });
    expect(body.input).toEqual({ type: 'files', path: input });
    expect(env['FOREBAY_INPUT_ROOTS']).toBe(root);
  });

  it.each([
    ['input', 's3://photos/rows.jsonl.gz', 'jsonl'],
    ['input', 'https://host/rows.ndjson.zst?token=x', 'jsonl'],
    ['input', 's3://photos/rows/*.parquet', 'parquet'],
    ['input', 'https://host/s-{0..9}.tar?x=1', 'archive'],
    ['manifest', 's3://photos/list.txt', 'manifest'],
    ['manifest', 'https://host/list', 'manifest'],
  ])('the %s %s may name rows anywhere', async (flag, path, type) => {
    const { env, body } = await plan({ [flag]: path });
    expect(body.input).toEqual({ type, path });
    expect(env['FOREBAY_INPUT_ROOTS']).toBe('/:s3://:az://');
  });

  it('refuses URLs that cannot be read', async () => {
    await expect(plan({ input: 's3:///x' })).rejects.toThrow(/--input: .*bucket/);
    await expect(plan({ manifest: 's3:///x' })).rejects.toThrow(/--manifest: .*bucket/);
    await expect(plan({ input: 'https://me:pw@host/x.jsonl' })).rejects.toThrow(/user name or password/);
    await expect(plan({ input: 'https://host/photos/' })).rejects.toThrow(/cannot list its files/);
  });

  it('reads a folder as a table if all of its files are', async () => {
    mkdirSync(join(folder, 'rows/p=1'), { recursive: true });
    for (const name of ['rows/_SUCCESS', 'rows/.a.csv.crc', 'rows/a.csv', 'rows/p=1/b.csv.gz']) {
      writeFileSync(join(folder, name), '');
    }
    const { env, body } = await plan({ input: 'rows/' });
    expect(body.input).toEqual({ type: 'csv', path: join(folder, 'rows') });
    expect(env['FOREBAY_INPUT_ROOTS']).toBe('/:s3://:az://');
    for (const input of ['rows', 'rows/**/*.csv', 'rows/*/part-*']) {
      const flags = { input, output: 'rows/out', inputFormat: 'csv' } as const;
      await expect(plan(flags)).rejects.toThrow(/would be read as rows/);
    }
    await plan({ input: 'rows/*.csv', output: 'rows/out' });
    expect((await plan({ input: 'rows', inputFormat: 'files' })).body.input).toMatchObject({ type: 'files' });
    writeFileSync(join(folder, 'rows/c.jpg'), '');
    expect((await plan({ input: 'rows' })).body.input).toMatchObject({ type: 'files' });
  });

  it('excludes an output inside the input, so that results do not become rows', async () => {
    const { body } = await plan({ input: '.', output: 'results [1]', exclude: ['*.txt'] });
    expect(body.input).toMatchObject({ exclude: ['*.txt', 'results \\[1\\]/**'] });
    const dots = await plan({ input: '.', output: '..results' });
    expect(dots.body.input).toMatchObject({ exclude: ['..results/**'] });
  });
});
