import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createModelCatalog } from '#forebay/api/models/model-catalog.js';
import { createModelFolderReader } from '#forebay/shared/models/model-folder-reader.js';
import type { ServedModel, WorkerInfo } from '#forebay/shared/queue/workers/worker-registry.js';
import { writeModel } from '../../../support/api-service.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'forebay-catalog-'));
  await writeModel(join(dir, 'a'), 'digits-small');
  await writeModel(join(dir, 'b'), 'digits-small', { top_k: 2 });
  await writeModel(join(dir, 'b'), 'other');
  await mkdir(join(dir, 'b', 'broken'));
  await writeFile(join(dir, 'b', 'broken', 'model.json'), '{"name":"broken"}');
});
afterAll(() => rm(dir, { recursive: true, force: true }));

function catalog(served: readonly Partial<ServedModel>[] = [], ...moreDirs: string[]) {
  const worker = {
    id: 'w',
    host: 'h',
    pid: 1,
    pool: 'default',
    startedAt: 0,
    lagP99Ms: 3,
    memory: { rssBytes: 1, limitBytes: 2 },
    inflight: { usedBytes: 0, limitBytes: 1, blockedMs: 0 },
    models: served.map((model) => ({ lanes: 2, batchSize: 4, problem: null, graph: null, ...model })),
  };
  return createModelCatalog({
    reader: createModelFolderReader(),
    dirs: [join(dir, 'a'), join(dir, 'missing'), join(dir, 'b'), ...moreDirs],
    workers: { live: async () => [worker as WorkerInfo] },
  });
}

describe('the model catalog', () => {
  it('lists the first folder of each model name, and broken folders with their problem', async () => {
    const models = await catalog().list();
    expect(models.map((m) => [m.name, m.status])).toEqual([
      ['broken', 'failed'],
      ['digits-small', 'not_loaded'],
      ['other', 'not_loaded'],
    ]);
    expect(models[0]!.problem?.code).toBe('invalid_model_config');
    expect(models[1]!.config).toMatchObject({ top_k: 5 });
  });

  it('shows a models folder that cannot be read, which may hold a model that is not found', async () => {
    const file = join(dir, 'models.txt');
    await writeFile(file, '');
    const { list, get, findModel } = catalog([], file);
    const message = `the models folder ${file} is a file, or below one`;
    expect((await list()).find(({ name }) => name === 'models.txt')).toMatchObject({
      status: 'failed',
      problem: { code: 'invalid_model_config', message },
    });
    expect(await get('other')).toMatchObject({ status: 'not_loaded' });
    await expect(findModel('nobody')).rejects.toThrow(message);
    await expect(catalog().findModel('nobody')).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it('finds the newest content that lanes hold for a request while no worker has the content of the folder', async () => {
    const { ref } = await catalog().findModel('digits-small');
    const [old, newer, other] = ['0', '1', '2'].map((digit) => ({ ...ref, hash: digit.repeat(64) }));
    const former = [
      { ref: old! },
      { ref: newer!, replaces: [old!.hash] },
      { ref: other!, version: '7' },
      { ref: { ...ref, name: 'other', hash: '3'.repeat(64) } },
    ];
    const asked = async (served: readonly Partial<ServedModel>[]) =>
      (await catalog(served).findForRequest('digits-small')).ref.hash;
    expect(await asked(former)).toBe(newer!.hash);
    expect(await asked([...former, { ref, isLoading: true }])).toBe(newer!.hash);
    expect(await asked([...former, { ref }])).toBe(ref.hash);
    expect(await asked(former.slice(2))).toBe(ref.hash);
    expect((await catalog(former).findModel('digits-small')).ref.hash).toBe(ref.hash);
  });

  it('finds the version below for a request that leaves the version open, until a worker has loaded the new one', async () => {
    const folder = join(dir, 'versions');
    for (const version of ['1', '2', '10']) {
      await writeModel(join(folder, 'v'), version, { name: 'v', top_k: Number(version) });
    }
    const refOf = async (version: string) => (await catalog([], folder).findModel(`v@${version}`)).ref;
    const [v1, v2, v10] = [await refOf('1'), await refOf('2'), await refOf('10')];
    const asked = async (name: string, served: readonly Partial<ServedModel>[]) =>
      (await catalog(served, folder).findForRequest(name)).ref.hash;
    const loaded = [
      { ref: v1, version: '1' },
      { ref: v2, version: '2' },
    ];
    for (const name of ['v', 'v@latest']) {
      expect(await asked(name, loaded)).toBe(v2.hash);
      expect(await asked(name, [...loaded, { ref: v10, version: '10', isLoading: true }])).toBe(v2.hash);
      expect(await asked(name, [...loaded, { ref: v10, version: '10' }])).toBe(v10.hash);
      expect(await asked(name, [{ ref: v2, version: '2', isUnloaded: true }])).toBe(v10.hash);
    }
    expect(await asked('v@10', loaded)).toBe(v10.hash);
    expect((await catalog(loaded, folder).findModel('v')).ref.hash).toBe(v10.hash);
  });

  it('adds what live workers announce, such as lanes, problems and models without a folder here', async () => {
    const { ref } = await catalog().findModel('digits-small');
    const problem = { code: 'model_load_failed', message: 'no' };
    const remote = { name: 'remote', hash: 'f'.repeat(64), pool: 'gpu' };
    const { get, list } = catalog([
      { ref, graph: { fixedBatch: null } },
      { ref: remote },
      { ref: { ...ref, hash: '0'.repeat(64) } },
    ]);
    expect(await get('digits-small')).toMatchObject({
      status: 'serving',
      hash: ref.hash,
      lanes: 2,
      workers: 1,
      graph: { fixedBatch: null },
    });
    expect(await get('remote')).toMatchObject({ status: 'serving', config: null, pool: 'gpu' });
    expect((await list()).filter((m) => m.name === 'digits-small')).toHaveLength(2);
    expect(await catalog([{ ref, problem }]).get('digits-small')).toMatchObject({
      status: 'failed',
      problem,
    });
  });

  it('shows a model that workers have unloaded with the facts that they remember', async () => {
    const { ref } = await catalog().findModel('digits-small');
    const isUnloaded = { ref, lanes: 0, isUnloaded: true, batchSize: 16, graph: { fixedBatch: null } };
    const { get, findModel } = catalog([isUnloaded]);
    expect(await get('digits-small')).toMatchObject({
      status: 'unloaded',
      workers: 1,
      lanes: 0,
      batch_size: 16,
      graph: { fixedBatch: null },
      problem: null,
    });
    expect((await findModel('digits-small')).batchSize).toBe(16);
    const problem = { code: 'model_load_failed', message: 'no' };
    const others = [{ ref, lanes: 0, problem }, isUnloaded];
    expect(await catalog(others).get('digits-small')).toMatchObject({ status: 'unloaded', problem: null });
    expect(await catalog([isUnloaded, { ref }]).get('digits-small')).toMatchObject({
      status: 'serving',
      workers: 1,
    });
  });

  it('shows the worst batch invariance verdict with advice, and the memory that a lane needs', async () => {
    const { ref } = await catalog().findModel('digits-small');
    const verdict = (name: 'invariant' | 'variant') =>
      ({ verdict: name, maxDifference: name === 'variant' ? 1.0419 : 0, batch: 4 }) as const;
    const { get } = catalog([
      { ref, batchInvariance: verdict('invariant'), memory: { modelBytes: 5, batchBytes: 7 } },
      { ref, batchInvariance: verdict('variant'), memory: null },
      { ref, batchInvariance: null, memory: null },
    ]);
    expect(await get('digits-small')).toMatchObject({
      batch_invariance: {
        verdict: 'variant',
        max_difference: 1.0419,
        batch: 4,
        advice: expect.stringContaining('(outputs differ by up to 1): use --batch-size 1'),
      },
      memory: { model_bytes: 5, batch_bytes: 7 },
    });
    const steady = catalog([{ ref, batchInvariance: verdict('invariant') }]);
    expect((await steady.get('digits-small')).batch_invariance).toMatchObject({ advice: null });
    expect(await catalog().get('digits-small')).toMatchObject({ batch_invariance: null, memory: null });
  });

  it('says how many rows per call workers run, and when that was measured', async () => {
    const { ref, batchSize } = await catalog().findModel('digits-small');
    expect(batchSize).toBeNull();
    const tunedAt = '2026-11-22T10:15:30.000Z';
    const { findModel, get } = catalog([
      { ref, batchSize: 8, tunedAt },
      { ref, batchSize: 16 },
      { ref, batchSize: 0, problem: { code: 'model_load_failed', message: 'no' } },
    ]);
    expect((await findModel('digits-small')).batchSize).toBe(16);
    expect(await get('digits-small')).toMatchObject({ batch_size: 8, tuned_at: tunedAt });
  });

  it('refuses to combine loaded models with different numbers of classes, and names both', async () => {
    const [a, b] = await Promise.all(['digits-small', 'other'].map((name) => catalog().findModel(name)));
    const scores = (classes: number | string) => ({
      outputs: [{ name: 'scores', type: 'float32', shape: ['N', classes] }],
    });
    const { findInline } = catalog([
      { ref: a!.ref, graph: scores(10) },
      { ref: b!.ref, graph: scores(12) },
    ]);
    const members = [{ model: 'digits-small' }, { model: 'other' }];
    await expect(findInline({ ensemble: { combine: 'vote', members } })).rejects.toMatchObject({
      code: 'invalid_request',
      message:
        '/pipeline/ensemble/members/1/model: "combine": "vote" needs the same classes, but "other" has 12 and "digits-small" has 10',
    });
    await expect(findInline({ ensemble: { combine: 'all', members } })).resolves.toBeDefined();
    await expect(findInline({ kind: 'onnx', cascade: {} })).rejects.toMatchObject({
      message: '/pipeline/kind: must be "pipeline", or left out',
    });
    const open = catalog([
      { ref: a!.ref, graph: scores(10) },
      { ref: b!.ref, graph: scores('C') },
    ]);
    await expect(open.findInline({ ensemble: { combine: 'average', members } })).resolves.toBeDefined();
  });

  it('refuses an unknown name with a suggestion and all known names, and a broken folder with the reason', async () => {
    await expect(catalog().findModel('digits-smal')).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringMatching(/did you mean "digits-small"\? Known: digits-small, other\./),
    });
    await expect(catalog().findModel('broken')).rejects.toMatchObject({ code: 'invalid_model_config' });
  });
});
