// How a worker notices that files of a pipeline's members were written again.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findModels, type FoundModel } from '#forebay/workers/models/find-models.js';
import { withInline } from '#forebay/workers/models/inline-models.js';
import { createResidentOf } from '#forebay/workers/models/resident-of.js';
import { testFolder } from '../../../support/lanes.ts';
import { ensemble, RED_ONLY, SURE, writeColours, writePipeline } from '../../../support/pipelines.ts';

/** Of an ensemble of an ensemble, in the folder `whole` and as a request gives it. */
function pipelines() {
  const dir = testFolder();
  writeColours(dir, 'weak', RED_ONLY);
  writeColours(dir, 'strong', SURE);
  writePipeline(dir, { name: 'inner', ...ensemble('average', 'weak', 'strong') });
  writePipeline(dir, { name: 'whole', ...ensemble('average', 'inner', 'strong') });
  const wanted = { dirs: [dir], only: [], pool: 'default' };
  const find = async () => {
    const found = await findModels(wanted);
    const whole = found.models.find(({ folder }) => folder.ref.name === 'whole')!;
    const given = { ref: { ...whole.folder.ref, name: 'inline' }, config: whole.folder.config as never };
    const inline = withInline(found, [given], 'default').models.at(-1)!;
    return [whole, inline] as const;
  };
  return { dir, weights: join(dir, 'weak', 'model.onnx'), find };
}

const keys = (found: readonly FoundModel[]) => found.map(({ filesKey }) => filesKey);
const residentOf = createResidentOf({
  plan: { lanes: 1, deviceLanes: 0, threads: 1 } as never,
  tunedOf: () => null,
  batchTimeoutS: 60,
  cacheDir: '',
});
const unchanged = async (found: readonly FoundModel[]) =>
  Promise.all(found.map(async (one) => residentOf('queue', one, () => undefined).unchanged()));

it('a pipeline may load after a member was written again, even with the same content', async () => {
  const { weights, find } = pipelines();
  const before = await find();
  expect(before[1].folder.inline).toBe(true);
  expect(keys(await find())).toEqual(keys(before));
  writeFileSync(weights, readFileSync(weights));
  const after = await find();
  expect(after.map(({ folder }) => folder.ref.hash)).toEqual(before.map(({ folder }) => folder.ref.hash));
  for (const i of [0, 1]) expect(after[i]!.filesKey).not.toBe(before[i]!.filesKey);
});

it('a pipeline has not changed if a member was written again with the same content', async () => {
  const { dir, weights, find } = pipelines();
  const found = await find();
  const content = readFileSync(weights);
  writeFileSync(weights, content.subarray(1));
  await expect(unchanged([found[0]])).rejects.toThrow('cannot be used');
  await expect(unchanged([found[1]])).rejects.toThrow('cannot be used');
  writeFileSync(weights, content);
  expect(await unchanged(found)).toEqual([true, true]);
  writeColours(dir, 'weak', SURE);
  expect(await unchanged(found)).toEqual([false, false]);
});
