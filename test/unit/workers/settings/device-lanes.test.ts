// Lanes for GPUs have their own decode threads and large batches. By default, a device has one lane.
import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '#forebay/shared/domain/model/model-config.js';
import { autoBatchSize } from '#forebay/shared/tasks/auto-batch.js';
import type { ModelFolder } from '#forebay/shared/models/model-folder.js';
import type { ModelInfo } from '#forebay/workers/lane/messages.js';
import { createModelSizing } from '#forebay/workers/models/size-model.js';
import { chooseBatch } from '#forebay/workers/settings/choose-batch.js';
import { laneKindOf, type DecodeIn } from '#forebay/workers/settings/lane-kind.js';
import { planLanes } from '#forebay/workers/settings/plan-lanes.js';
import { requested } from '#forebay/workers/settings/requested.js';
import { formulaOf, givenValues } from '#forebay/workers/tune/space/start-settings.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

const MB = 2 ** 20;
const GB = 2 ** 30;
const MACHINE = { cpus: 16, memoryBytes: 64 * GB, hasGpu: true };

function model(provider: unknown, more: object = {}): ModelConfig {
  const base = { name: 'm', task: 'image-classification', preprocess: { crop: 224 } };
  return checkedConfig({
    ...base,
    execution_providers: [provider, 'cpu'].slice(0, provider === 'cpu' ? 1 : 2),
    ...more,
  });
}
const cuda = (device_id = 0) => model({ name: 'cuda', device_id });
const table = checkedConfig({
  name: 't',
  task: 'tensors',
  inputs: {},
  execution_providers: ['cuda'],
});

const plan = (configs: readonly ModelConfig[], decodeIn: DecodeIn = 'auto', machine = MACHINE) =>
  planLanes(machine, 100 * MB, {}, laneKindOf(configs, decodeIn, machine));

describe('a worker', () => {
  it.each([
    ['one GPU, named in two ways', [cuda(), model('cuda'), model({ name: 'tensorrt' })], 1],
    ['two GPUs', [cuda(0), cuda(1)], 2],
    ['WebGPU', [model('webgpu')], 1],
  ])('with models for %s has one lane per device', (_, configs, lanes) => {
    const { choices, ...found } = plan(configs);
    expect(found).toMatchObject({ lanes, threads: 1, threadedLanes: lanes, deviceLanes: lanes });
    expect(found.decodeThreads).toBe((16 - lanes) / lanes);
    expect(choices.lanes).toMatchObject({ boundBy: 'model_config' });
    expect(choices.lanes.why).toContain('execution_providers');
  });

  it('with models for the CPU has one lane per core, and decodes in its lanes', () => {
    expect(plan([model('cpu')])).toMatchObject({
      lanes: 16,
      threads: 1,
      decodeThreads: 2,
      threadedLanes: 0,
      deviceLanes: 0,
    });
  });

  it('with models for a GPU and the CPU has one lane per core, and the first lanes belong to the GPU', () => {
    expect(plan([cuda(), model('cpu')])).toMatchObject({
      lanes: 16,
      threads: 1,
      threadedLanes: 1,
      deviceLanes: 1,
    });
  });

  it('has one lane per core for models that may fall back to the CPU, if there is no GPU', () => {
    const configs = [model('cuda', { fallback: true })];
    expect(plan(configs)).toMatchObject({ lanes: 1, threadedLanes: 1, deviceLanes: 1 });
    expect(plan(configs, 'auto', { ...MACHINE, hasGpu: false })).toMatchObject({
      lanes: 16,
      threadedLanes: 0,
      deviceLanes: 0,
    });
    // Such a model will not load, and its error gives the reason.
    expect(plan([cuda()], 'auto', { ...MACHINE, hasGpu: false })).toMatchObject({ lanes: 1 });
  });

  it('needs no decode threads for rows that are not images', () => {
    expect(plan([table])).toMatchObject({ lanes: 1, threadedLanes: 0, deviceLanes: 1 });
  });

  it('decodes where the operator says', () => {
    expect(plan([cuda()], 'lane')).toMatchObject({ lanes: 1, threadedLanes: 0 });
    expect(plan([model('cpu')], 'threads')).toMatchObject({ lanes: 16, threadedLanes: 16, decodeThreads: 1 });
  });

  it('has as many decode threads as its memory allows, and every thread may decode', () => {
    const { decodeThreads, choices, decodeBudgetBytes } = plan([cuda()], 'auto', {
      ...MACHINE,
      memoryBytes: 2 * GB,
    });
    // 70 % of 2 GB - 110 MB - 300 MB = 1,024 MB, and 84 MB per thread.
    expect(decodeThreads).toBe(12);
    expect(choices.decodeThreads).toMatchObject({
      boundBy: 'memory',
      why: '1024 MB left in a lane / 84.0 MB each',
    });
    expect(decodeBudgetBytes).toBeGreaterThanOrEqual(12 * 58 * MB);
    const kind = laneKindOf([cuda()], 'auto', MACHINE);
    const asked = planLanes(
      MACHINE,
      MB,
      { decodeThreads: requested('setting', 3), lanes: requested('setting', 2) },
      kind,
    );
    expect(asked).toMatchObject({ lanes: 2, decodeThreads: 3, threadedLanes: 2, deviceLanes: 2 });
  });
});

describe('a batch on a device', () => {
  it('has enough rows to keep the device busy, up to 256', () => {
    expect(autoBatchSize(cuda())).toBe(64);
    expect(autoBatchSize(model('cpu'))).toBe(4);
    expect(autoBatchSize(model('cuda', { preprocess: { crop: 32 } }))).toBe(256);
    expect(autoBatchSize(model('cuda', { batching: { batch_size: 7 } }))).toBe(7);
  });

  it('has as many rows as on the CPU if the model has fallen back to the CPU', () => {
    const sizeModel = createModelSizing({ plan: planLanes(MACHINE, MB, {}), resources: MACHINE });
    const config = model('cuda', { fallback: true });
    const folder = { config, bytes: MB } as ModelFolder;
    const batch = (providers: readonly string[]) => {
      const info = { providers, fixedBatch: null, memory: null } as unknown as ModelInfo;
      return sizeModel({ folder, info, tuned: null }).batch.value;
    };
    expect(batch(['cuda', 'cpu'])).toBe(64);
    expect(batch(['cpu'])).toBe(4);
  });

  it('needs memory for the tensors of decode threads, and none for activations, which are on the device', () => {
    const facts = { fixedBatch: null, lanes: 1, ownDecodeThreads: 4, modelBytes: 100 * MB, memory: null };
    const choose = (memoryBytes: number) =>
      chooseBatch({ ...facts, config: cuda(), resources: { cpus: 16, memoryBytes } });
    expect(choose(64 * GB)).toMatchObject({ value: 64, boundBy: 'sample_size' });
    // 70 % of 1.165 GB - 446 MB - 300 MB = 89 MB, and 4 x 588 KB per row.
    expect(choose(1.165 * GB)).toMatchObject({ value: 32, boundBy: 'memory' });
  });
});

describe('a tuning for a device', () => {
  it('starts with one lane and tries two, with one thread each and many decode threads', () => {
    const config = cuda();
    const kind = laneKindOf([config], 'auto', MACHINE);
    expect(formulaOf(MACHINE, 100 * MB, config, kind)).toEqual({
      lanes: 1,
      threads_per_lane: 1,
      batch_size: 64,
      decode_threads: 15,
    });
    expect(givenValues({}, config)).toMatchObject({ lanes: [1, 2], threads: [1] });
    expect(givenValues({ lanes: [3] }, config)).toMatchObject({ lanes: [3] });
    expect(givenValues({}, model('cpu'))).toMatchObject({ lanes: undefined, threads: undefined });
  });
});
