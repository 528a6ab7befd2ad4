import { chmodSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { listModelFolders } from '#forebay/shared/models/model-folder-reader.js';
import { checkModels } from '#forebay/cli/doctor/check-models.js';
import { LOCAL_PLACES } from '#forebay/shared/models/places/model-places.js';
import { findModels } from '#forebay/workers/models/find-models.js';
import { modelReport } from '#forebay/workers/models/model-report.js';
import { meanColourModel, writeModelFolder } from '../../../support/onnx/models.ts';
import { testFolder } from '../../../support/lanes.ts';
import { withoutRights } from '../../../support/without-rights.ts';

const config = { name: 'm', task: 'image-classification', preprocess: { crop: 8 } };
const graph = meanColourModel({
  side: 8,
  classes: [
    [1, 2, 3],
    [4, 5, 6],
  ],
});
const otherGraph = meanColourModel({
  side: 8,
  classes: [
    [1, 2, 3],
    [4, 5, 7],
  ],
});

it('reads config, labels and identity', async () => {
  const { dir } = writeModelFolder(testFolder(), graph, config, ['one', 'two']);
  const model = await loadModelFolder(dir);
  expect(model).toMatchObject({
    dir,
    named: [{ field: 'labels', path: join(dir, 'labels.txt') }],
    bytes: graph.length,
    config: { preprocess: { rescale: 1 / 255 } },
  });
  expect(model.ref).toEqual({
    name: 'm',
    pool: 'default',
    hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
  });
});

it('hashes a model so that every real change counts, but not how the config is written', async () => {
  const dir = testFolder();
  const hashOf = async (bytes: Buffer, text: object, labels?: string[]) =>
    (await loadModelFolder(writeModelFolder(dir, bytes, { ...text }, labels).dir)).ref.hash;
  const first = await hashOf(graph, config);
  const reordered = { preprocess: { crop: 8 }, top_k: 5, task: 'image-classification', name: 'm' };
  expect(await hashOf(graph, reordered)).toBe(first);
  // This field affects only when online rows leave, not the answers.
  const waits = { ...config, batching: { online: { max_wait_ms: 5, preferred_sizes: [4] } } };
  expect(await hashOf(graph, waits)).toBe(first);
  const others = [
    await hashOf(otherGraph, config),
    await hashOf(graph, { ...config, softmax: true }),
    await hashOf(graph, config, ['a']),
    await hashOf(graph, config, ['b']),
  ];
  expect(new Set([first, ...others]).size).toBe(5);
});

it('reports all problems at once, with their pointers and the nearest valid names', async () => {
  const dir = testFolder();
  writeFileSync(join(dir, 'model.onnx'), graph);
  writeFileSync(
    join(dir, 'model.json'),
    JSON.stringify({
      name: 'Not Valid',
      task: 'image-classification',
      preprocess: { crop: 'x', colour_order: 'rgb', std: [1, 0, 1] },
      batching: { batch_size: 'all' },
      topk: 3,
      zzzzzzzzzz: 1,
    }),
  );
  const error = await loadModelFolder(dir).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'invalid_model_config' });
  const issues = new Map(
    (error as { issues: { path: string; message: string }[] }).issues.map((i) => [i.path, i.message]),
  );
  expect([...issues.keys()].toSorted()).toEqual([
    '/batching/batch_size',
    '/name',
    '/preprocess/colour_order',
    '/preprocess/crop',
    '/preprocess/std',
    '/topk',
    '/zzzzzzzzzz',
  ]);
  expect(issues.get('/topk')).toBe('unknown field; did you mean "top_k"?');
  expect(issues.get('/preprocess/colour_order')).toBe('unknown field; did you mean "color_order"?');
  expect(issues.get('/zzzzzzzzzz')).toContain('valid here: name, task,');
  expect(issues.get('/batching/batch_size')).toContain('"auto", or');
});

it('names what is missing and the fix', async () => {
  const dir = testFolder();
  await expect(loadModelFolder(join(dir, 'absent'))).rejects.toMatchObject({ code: 'model_not_found' });
  await expect(loadModelFolder(dir)).rejects.toThrow(/forebay model init/);
  writeFileSync(join(dir, 'model.json'), '{"name": ');
  await expect(loadModelFolder(dir)).rejects.toThrow(/not JSON/);
  writeFileSync(join(dir, 'model.json'), JSON.stringify({ ...config, labels: '../labels.txt' }));
  await expect(loadModelFolder(dir)).rejects.toMatchObject({ issues: { length: 2 } });
});

it('lists models and the problems of the other folders, and accepts a single model folder', async () => {
  const dir = testFolder();
  writeModelFolder(join(dir, 'b'), graph, { ...config, name: 'b' });
  writeModelFolder(join(dir, 'a'), graph, { ...config, name: 'a' });
  writeModelFolder(join(dir, 'twin'), graph, { ...config, name: 'a' });
  writeModelFolder(join(dir, 'broken'), graph, { ...config, name: 'broken' });
  rmSync(join(dir, 'broken', 'model.json'));
  writeFileSync(join(dir, 'README'), '');
  const { models, problems } = await listModelFolders(dir);
  expect(models.map((m) => m.ref.name)).toEqual(['a', 'b']);
  expect(problems.map((p) => p.dir)).toEqual([join(dir, 'broken'), join(dir, 'twin')]);
  expect((await listModelFolders(join(dir, 'a'))).models).toHaveLength(1);
  await expect(listModelFolders(join(dir, 'absent'))).rejects.toMatchObject({ code: 'model_not_found' });
});

it.each([
  [
    'more names than any model has',
    'x\n'.repeat(1_000_001),
    /^the file has 1000001 names, and the limit is 1000000$/,
  ],
  ['an invalid name', `cat\n${'x'.repeat(1025)}\n`, /^name 2 of the file has 1025 characters; .* 1024$/],
])('refuses labels with %s', async (_what, text, says) => {
  const { dir } = writeModelFolder(testFolder(), graph, config, ['one']);
  writeFileSync(join(dir, 'labels.txt'), text);
  await expect(loadModelFolder(dir)).rejects.toMatchObject({
    code: 'invalid_model_config',
    issues: [{ path: '/labels', message: expect.stringMatching(says) }],
  });
});

it('does not read a labels file beyond its limit', async () => {
  const { dir } = writeModelFolder(testFolder(), graph, config, ['one']);
  truncateSync(join(dir, 'labels.txt'), 64 * 2 ** 20 + 1);
  await expect(loadModelFolder(dir)).rejects.toMatchObject({
    code: 'invalid_model_config',
    issues: [
      { path: '/labels', message: 'the file "labels.txt" has 67108865 bytes, and the limit is 67108864' },
    ],
  });
});

it('distinguishes a models folder that does not exist from one that cannot be read', async () => {
  const dir = testFolder();
  const [missing, file, closed] = ['missing', 'file', 'closed'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, '');
  mkdirSync(closed);
  chmodSync(dir, 0o755);
  chmodSync(closed, 0);
  await withoutRights(async () => {
    const says: [string, string, RegExp][] = [
      [missing, 'model_not_found', /^there is no models folder .*missing$/],
      [file, 'invalid_model_config', /^the models folder .*file is a file, or below one$/],
      [closed, 'invalid_model_config', /^the models folder .*closed cannot be read: EACCES/],
    ];
    for (const [path, code, message] of says) {
      const text = expect.stringMatching(message) as string;
      await expect(listModelFolders(path)).rejects.toMatchObject({ code, message: text });
      const isMissing = code === 'model_not_found';
      expect(await checkModels([path], LOCAL_PLACES)).toMatchObject([
        { level: isMissing ? 'note' : 'fail', found: text },
      ]);
      const found = await findModels({ dirs: [path], only: [], pool: 'default' });
      const problems = isMissing ? [] : [{ model: path, message: text }];
      expect(modelReport([], found)).toEqual({ models: [], problems });
    }
  });
});
