// A worker reports each of its numbers with the constraint that limits it. Every constraint is the limit in some case.
import { describe, expect, it } from 'vitest';
import { tightest } from '#forebay/shared/domain/choice.js';
import { chooseBatch } from '#forebay/workers/settings/choose-batch.js';
import { planLanes } from '#forebay/workers/settings/plan-lanes.js';
import { requested } from '#forebay/workers/settings/requested.js';
import { readResources } from '#forebay/workers/settings/resources.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

const MB = 2 ** 20;
const GB = 2 ** 30;

describe('lanes', () => {
  const free = {};
  it.each([
    ['cores', { cpus: 4, memoryBytes: 16 * GB }, 14 * MB, free, 4, 'cpus', 'one per core: 4'],
    // 0.7 GB / (168 MB + 3 x 100 MB) = 1.53
    [
      'memory',
      { cpus: 8, memoryBytes: GB },
      100 * MB,
      free,
      1,
      'memory',
      /717 MB for lanes .* \/ 468 MB each/,
    ],
    [
      'memory, at least one',
      { cpus: 8, memoryBytes: 64 * MB },
      100 * MB,
      free,
      1,
      'memory',
      /44\.8 MB for lanes/,
    ],
    [
      'a setting',
      { cpus: 4, memoryBytes: GB },
      GB,
      { lanes: requested('setting', 3) },
      3,
      'setting',
      /worker/,
    ],
    [
      'a config',
      { cpus: 4, memoryBytes: GB },
      GB,
      { lanes: requested('model_config', 2) },
      2,
      'model_config',
      /model\.json/,
    ],
    [
      'a profile',
      { cpus: 4, memoryBytes: GB },
      GB,
      { lanes: requested('profile', 2) },
      2,
      'profile',
      /chosen by forebay tune/,
    ],
  ] as const)('are bound by %s', (_, resources, modelBytes, asked, lanes, boundBy, why) => {
    const plan = planLanes(resources, modelBytes, asked);
    expect(plan.lanes).toBe(lanes);
    expect(plan.choices.lanes).toEqual({ value: lanes, boundBy, why: expect.stringMatching(why) });
  });

  it('share one memory budget for models, if it is set, instead of holding all models in each lane', () => {
    const machine = { cpus: 8, memoryBytes: 4 * GB };
    expect(planLanes(machine, GB, {}).lanes).toBe(1);
    const within = planLanes({ ...machine, modelsBytes: GB }, GB, {});
    expect(within.choices.lanes).toMatchObject({ value: 8, boundBy: 'cpus' });
    const tight = planLanes({ cpus: 64, memoryBytes: 4 * GB, modelsBytes: GB }, GB, {});
    expect(tight.choices.lanes).toMatchObject({
      boundBy: 'memory',
      why: expect.stringContaining('without FOREBAY_MODELS_MB'),
    });
    expect(tight.lanes * 168 * MB).toBeLessThanOrEqual(0.7 * 4 * GB - GB);
    // A budget that is larger than all models changes nothing.
    expect(planLanes({ ...machine, modelsBytes: 3 * GB }, MB, {})).toEqual(planLanes(machine, MB, {}));
  });

  it('share the cores as threads, and decode one batch ahead', () => {
    const one = planLanes({ cpus: 8, memoryBytes: GB }, 100 * MB, {});
    expect([one.lanes, one.threads, one.decodeThreads]).toEqual([1, 8, 9]);
    expect(one.choices.threads).toMatchObject({ boundBy: 'cpus', why: '8 cores / 1 lane' });
    const all = planLanes({ cpus: 8, memoryBytes: 64 * GB }, MB, {});
    expect([all.lanes, all.threads, all.decodeThreads]).toEqual([8, 1, 2]);
    const asked = planLanes({ cpus: 2, memoryBytes: GB }, MB, {
      threads: requested('setting', 5),
      decodeThreads: requested('profile', 6),
    });
    expect([asked.choices.threads.boundBy, asked.choices.decodeThreads.boundBy]).toEqual([
      'setting',
      'profile',
    ]);
    expect([asked.threads, asked.decodeThreads]).toEqual([5, 6]);
  });

  it('have no requested number if no source names one', () => {
    expect(requested('setting', undefined)).toBeUndefined();
    expect(readResources().cpus).toBeGreaterThanOrEqual(1);
  });
});

describe('a batch', () => {
  const config = (crop: number, batch_size: number | 'auto' = 'auto') =>
    checkedConfig({
      name: 'm',
      task: 'image-classification',
      preprocess: { crop },
      batching: { batch_size },
    });
  const facts = {
    config: config(224),
    fixedBatch: null,
    resources: { cpus: 2, memoryBytes: 8 * GB },
    lanes: 2,
    modelBytes: 14 * MB,
    memory: null,
  };
  it.each([
    ['the size of a row', {}, 4, 'sample_size', /2\.3 MB .* 588 KB per row/],
    ['the size of a row, in halves', { splitsBatches: true }, 2, 'sample_size', /1\.1 MB .* 588 KB per row/],
    [
      'the size of a row, with large weights',
      { splitsBatches: true, modelBytes: 100 * MB },
      4,
      'sample_size',
      /2\.3 MB/,
    ],
    [
      'the size of a large row',
      { splitsBatches: true, config: config(320) },
      2,
      'sample_size',
      /2\.3 MB .* 1\.2 MB per row/,
    ],
    ['the size of a small row', { config: config(72) }, 64, 'sample_size', /4\.6 MB .* 60\.8 KB per row/],
    ['a fixed ceiling', { config: config(16) }, 128, 'ceiling', /at most 128/],
    ['model.json', { config: config(224, 24) }, 24, 'model_config', /model\.json/],
    ['the graph, in several calls', { fixedBatch: 1 }, 4, 'graph', /takes 1 per call, and 4 calls share/],
    ['the graph, in calls that do not divide the best size', { fixedBatch: 3 }, 3, 'graph', /fixed/],
    ['a graph of large batches', { fixedBatch: 16 }, 16, 'graph', /fixed/],
    ['a graph of one small row', { fixedBatch: 1, config: config(72) }, 64, 'graph', /64 calls/],
    [
      'a graph whose batch needs more memory than there is',
      { fixedBatch: 8, resources: { cpus: 2, memoryBytes: 630 * MB } },
      8,
      'graph',
      /fixed/,
    ],
    ['a profile, for a graph', { fixedBatch: 2, profile: 16 }, 16, 'profile', /chosen by forebay tune/],
    ['a profile, in whole calls', { fixedBatch: 3, profile: 16 }, 15, 'profile', /chosen by forebay tune/],
    [
      'memory, in whole calls',
      { fixedBatch: 3, config: config(72), resources: { cpus: 2, memoryBytes: 670 * MB } },
      6,
      'memory',
      /32 x its input/,
    ],
    ['a profile', { profile: 16 }, 16, 'profile', /chosen by forebay tune/],
    // 0.7 x 630 MB / 2 - 168 MB - 3 x 14 MB = 11 MB, and a row takes 32 x 588 KB.
    [
      'memory, by the formula',
      { resources: { cpus: 2, memoryBytes: 630 * MB } },
      1,
      'memory',
      /32 x its input/,
    ],
    [
      'memory, as measured',
      {
        profile: 64,
        resources: { cpus: 2, memoryBytes: GB },
        memory: { modelBytes: 60 * MB, rowBytes: 9 * MB },
      },
      8,
      'memory',
      /130 MB left in a lane \/ 9\.0 MB per row \(measured\)/,
    ],
    [
      'memory, and is at least one row',
      { memory: { modelBytes: 60 * GB, rowBytes: MB } },
      1,
      'memory',
      /0 B left/,
    ],
  ] as const)('is bound by %s', (_, change, value, boundBy, why) => {
    expect(chooseBatch({ ...facts, ...change })).toEqual({ value, boundBy, why: expect.stringMatching(why) });
  });
});

it('takes the smallest of several bounds, and the first of equal ones', () => {
  const bound = (value: number, why: string) => ({ value, boundBy: 'cpus', why }) as const;
  expect(tightest(bound(2, 'a'), bound(1, 'b'), bound(1, 'c'))).toEqual(bound(1, 'b'));
});

it('leaves every lane its minimum for decoding plus half of its spare memory', () => {
  const roomMb = (memoryGb: number, lanes: number) => {
    const resources = { cpus: 4, memoryBytes: memoryGb * 2 ** 30 };
    const plan = planLanes(resources, 0, { lanes: requested('setting', lanes) });
    return Math.round(plan.decodeBudgetBytes / 2 ** 20);
  };
  expect(roomMb(0.25, 1)).toBe(58 + Math.round((179.2 - 168) / 2));
  expect(roomMb(0.2, 1)).toBe(58);
  // 70 % of 4 GB for four lanes of 168 MB each.
  expect(roomMb(4, 4)).toBe(58 + Math.round((716.8 - 168) / 2));
  expect(roomMb(4, 2)).toBeGreaterThan(roomMb(4, 4));
});
