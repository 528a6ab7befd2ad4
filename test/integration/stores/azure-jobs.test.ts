// Jobs whose inputs, models and outputs are on Azure: a real server, API and workers that share no folder with it.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WritableStore } from '#forebay/shared/stores/store.js';
import type { Stores } from '#forebay/shared/stores/stores.js';
import { makeTar } from '../../support/archives.ts';
import { noAzurite, startAzurite, type AzureServer } from '../../support/azurite.ts';
import {
  colourImage,
  indexes,
  LABELS,
  startService,
  upTo,
  writeTinyModel,
  type Service,
} from '../../support/service.ts';
import { expectFencingIsChecked, storedOutputs } from '../../support/stored-outputs.ts';
import { ODD_NAMES, putPhotos } from '../../support/stored-photos.ts';
import { storesOnAzure } from '../../support/stores.ts';

describe.skipIf(noAzurite !== null)(`jobs on Azure ${noAzurite ?? ''}`, () => {
  let azure: AzureServer;
  let service: Service;
  let dir: string;
  let images: Buffer[];
  let stores: Stores;
  let store: WritableStore;

  beforeAll(async () => {
    [azure, images] = await Promise.all([
      startAzurite('photos', 'results', 'models'),
      Promise.all([0, 1, 2].map(colourImage)),
    ]);
    stores = storesOnAzure(azure);
    store = await stores.writable('az://results/');
    await putPhotos(azure, images, 12);
    dir = mkdtempSync(join(tmpdir(), 'forebay-azure-'));
    writeTinyModel(dir, 'tiny');
    for (const file of readdirSync(dir)) {
      await azure.put('models', `all/tiny/${file}`, readFileSync(join(dir, file)));
    }
    service = await startService({
      env: {
        ...azure.env,
        FOREBAY_MODELS_DIR: 'az://models/all',
        FOREBAY_INPUT_ROOTS: '/:az://photos/in/:az://photos/names:az://absent',
        FOREBAY_OUTPUT_ROOTS: 'az://results/out',
      },
    });
  });
  afterAll(async () => {
    await service?.close();
    await stores?.close();
    await azure?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const { at, names, textOf, rowsOf, expectWhole } = storedOutputs('az://results/out/', () => store);
  const run = async (input: object, name: string, options: object = {}) => {
    const { id } = await service.submit({ input, output: at(name), options });
    const job = await service.ended(id);
    return { job, rows: await rowsOf(name), errors: await rowsOf(name, 'errors') };
  };

  it('a prefix is read, and its results are what a folder would have', async () => {
    const { job, rows } = await run({ type: 'files', path: 'az://photos/in' }, 'plain', { block_rows: 5 });
    expect(job).toMatchObject({
      status: 'completed',
      output: at('plain'),
      rows: { total: 12, succeeded: 12, failed: 0 },
      skipped: { not_images: { count: 1, first: ['notes.txt'] } },
    });
    expect(indexes(rows)).toEqual(upTo(12));
    for (const { id, predictions } of rows) {
      expect(predictions![0]!.label).toBe(LABELS[Number(/(\d+)\.png/.exec(id)![1]) % 3]);
    }
    await expectWhole('plain', job.id, 3);
    const spec = await textOf(`${at('plain')}job.json`);
    expect(JSON.parse(spec)).toMatchObject({ v: 7 });
    expect(spec).not.toMatch(/AccountKey|connection/i);
    const read = await (await service.request(`/v1/jobs/${job.id}/results`)).text();
    expect(read.trim().split('\n')).toHaveLength(12);
  });

  it('globs, lists, records, tables and archives name blobs with any character', async () => {
    const glob = await run({ type: 'files', path: 'az://photos/in/*/00?.png' }, 'glob');
    expect(glob.job.rows.total).toBe(10);
    const urls = ODD_NAMES.map((name) => `az://photos/names/${name}`);
    expect((await run({ type: 'urls', urls }, 'urls')).rows.map(({ id }) => id)).toEqual(urls);
    const rows = urls.map((image, i) => `${JSON.stringify({ id: `row ${i}`, image })}\n`);
    await azure.put('photos', 'names/tables/rows.jsonl', rows.join(''));
    const table = await run({ type: 'jsonl', path: 'az://photos/names/tables/rows.jsonl' }, 'table');
    expect(table.job.rows.succeeded).toBe(ODD_NAMES.length);
    await azure.put('photos', 'names/tables/list.txt', `../${ODD_NAMES[0]}\n../../outside.png\n`);
    const list = await run({ type: 'manifest', path: 'az://photos/names/tables/list.txt' }, 'list');
    expect(list.rows).toMatchObject([{ id: `../${ODD_NAMES[0]}` }]);
    expect(list.errors.map(({ error }) => error!.code)).toEqual(['path_not_allowed']);
    await azure.put('photos', 'names/x.tar', makeTar(images.map((body, i) => ({ name: `${i}.png`, body }))));
    const archive = await run({ type: 'archive', path: 'az://photos/names/x.tar' }, 'archive');
    expect(archive.rows.map(({ predictions }) => predictions![0]!.label)).toEqual(LABELS);
  });

  it('each bad row fails alone, and says why', async () => {
    await azure.put('photos', 'names/bad/empty.png', '');
    const bad = [
      ['az://photos/in/absent.png', 'file_not_found'],
      ['az://absent/x.png', 'file_not_found'],
      ['az://photos/outside/x.png', 'path_not_allowed'],
      ['az://photos/in/../outside/x.png', 'invalid_row'],
      ['az://photos/in\\..\\outside/x.png', 'invalid_row'],
      ['az://photos/in/', 'invalid_row'],
      ['az://photos/names/bad/empty.png', 'empty_file'],
    ];
    const urls = ['az://photos/in/even/000.png', ...bad.map(([url]) => url!)];
    const { job, errors } = await run({ type: 'urls', urls }, 'bad');
    expect(job).toMatchObject({ status: 'completed', rows: { succeeded: 1, failed: bad.length } });
    expect(errors.map(({ error }) => error!.code)).toEqual(bad.map(([, code]) => code));
    expect(errors[1]!.error!.message).toMatch(/the container of .* does not exist at http/);
    const retry = (await (await service.post(`/v1/jobs/${job.id}/retry`, {})).json()) as { id: string };
    expect(await service.ended(retry.id)).toMatchObject({ rows: { total: bad.length, failed: bad.length } });
  });

  it.each([
    ['an input outside the roots', { input: 'az://photos/outside/' }, 403, 'path_not_allowed'],
    ['an input above a root', { input: 'az://photos/' }, 403, 'path_not_allowed'],
    [
      'an input of S3 with the name of an allowed container',
      { input: 's3://photos/in/' },
      403,
      'path_not_allowed',
    ],
    ['an input that is not there', { input: 'az://photos/in/absent/' }, 422, 'input_not_found'],
    ['a container that is not there', { input: 'az://absent/' }, 422, 'input_not_found'],
    ['an output outside the roots', { output: 'az://results/elsewhere/x' }, 403, 'path_not_allowed'],
    ['an output beside a root', { output: 'az://results/outer' }, 403, 'path_not_allowed'],
    ['an output with two slashes', { output: 'az://results/out//x' }, 400, 'invalid_request'],
    ['an output without a container', { output: 'az:///x' }, 400, 'invalid_request'],
    ['an output that is not empty', { output: at('full') }, 409, 'output_not_empty'],
  ])(
    '%s is refused',
    async (_, { input = 'az://photos/in', output }: { input?: string; output?: string }, status, code) => {
      await store.put(`${at('full')}notes.txt`, 'mine');
      const request = { model: 'tiny', input: { type: 'files', path: input }, ...(output && { output }) };
      const response = await service.post('/v1/jobs', request);
      const { code: found } = (await response.json()) as { code: string };
      expect([response.status, found]).toEqual([status, code]);
    },
  );

  it('a blob that changes after it was listed is not mixed in', async () => {
    await azure.put('photos', 'names/changing/1.png', images[0]!);
    await azure.put('photos', 'names/changing/2.png', images[0]!);
    await service.stopWorkers();
    const input = { type: 'files', path: 'az://photos/names/changing/' };
    const { id } = await service.submit({ input, output: at('changing') });
    await service.until(id, 'all rows to be listed', (job) => job.rows.total === 2);
    await service.until(id, 'a wait for workers', (job) => job.reason === 'no_worker');
    await azure.put('photos', 'names/changing/2.png', images[1]!);
    await service.startWorker();
    expect((await service.ended(id)).rows).toMatchObject({ succeeded: 1, failed: 1 });
    expect(await rowsOf('changing', 'errors')).toMatchObject([
      { id: '2.png', error: { code: 'dataset_changed' } },
    ]);
  });

  it('a server that would overwrite parts is refused as an output', async () => {
    await expectFencingIsChecked(store, at('checked'));
    expect((await names('checked')).filter((name) => !name.includes('.forebay-staged'))).toEqual([]);
  });
});
