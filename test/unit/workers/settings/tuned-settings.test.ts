// Flags and configs override the measured profile, and the profile overrides the formula.
import { describe, expect, it } from 'vitest';
import type { ModelFolder } from '#forebay/shared/models/model-folder.js';
import type { LaneSettings, Profile } from '#forebay/shared/profiles/profile.js';
import { planWorker } from '#forebay/workers/settings/tuned-settings.js';
import { checkedConfig } from '../../../support/onnx/models.ts';

const RESOURCES = { cpus: 8, memoryBytes: 64 * 2 ** 30 };
const NOTHING = { lanes: undefined, threads: undefined, decodeThreads: undefined, decodeIn: 'auto' } as const;

function folder(name: string, config: object = {}, bytes = 1e6): ModelFolder {
  const full = checkedConfig({
    name,
    task: 'image-classification',
    preprocess: { crop: 32 },
    ...config,
  });
  const ref = { name, hash: name, pool: 'default' };
  return {
    dir: name,
    config: full,
    named: [],
    ref,
    version: null,
    entryPath: name,
    bytes,
    files: [],
    external: [],
    members: [],
    notes: [],
  };
}

function profiles(all: Record<string, Partial<LaneSettings>>) {
  const base = { lanes: 4, threads_per_lane: 2, batch_size: 16, decode_threads: 1 };
  const entries = Object.entries(all).map(
    ([name, settings]) => [name, { settings: { ...base, ...settings } } as Profile] as const,
  );
  return new Map(entries);
}

describe('the plan of a worker', () => {
  it('is the formula without a profile, and the profile with one', () => {
    const a = [folder('a')];
    expect(planWorker(RESOURCES, a, NOTHING, new Map()).plan).toMatchObject({ lanes: 8, threads: 1 });
    const { plan, tunedOf } = planWorker(RESOURCES, a, NOTHING, profiles({ a: {} }));
    expect(plan).toMatchObject({ lanes: 4, threads: 2, decodeThreads: 1 });
    expect(tunedOf(a[0]!)).toMatchObject({ batchSize: 16, shape: { lanes: 4, threads: 2 } });
    expect(tunedOf(folder('b'))).toBeNull();
  });

  it('lets explicit lanes override, and ignores threads that were measured with other lanes', () => {
    const fixed = folder('a', { lanes: 2 });
    for (const [model, lanes] of [
      [folder('a'), 2],
      [fixed, undefined],
    ] as const) {
      const { plan, tunedOf } = planWorker(RESOURCES, [model], { ...NOTHING, lanes }, profiles({ a: {} }));
      expect(plan).toMatchObject({ lanes: 2, threads: 4 });
      expect(tunedOf(model)).toMatchObject({ batchSize: 16, shape: null });
    }
    const more = planWorker(RESOURCES, [folder('a')], { ...NOTHING, lanes: 8 }, profiles({ a: {} }));
    expect(more.plan).toMatchObject({ lanes: 8, threads: 1 });
    expect(more.tunedOf(folder('a'))?.shape).toBeNull();
  });

  it('lets explicit threads override', () => {
    const { tunedOf } = planWorker(RESOURCES, [folder('a')], { ...NOTHING, threads: 3 }, profiles({ a: {} }));
    expect(tunedOf(folder('a'))?.shape).toEqual({ lanes: 4, threads: 3 });
  });

  it('lets explicit decode threads override', () => {
    const chosen = { ...NOTHING, decodeThreads: 7 };
    expect(planWorker(RESOURCES, [folder('a')], chosen, profiles({ a: {} })).plan.decodeThreads).toBe(7);
  });

  it('gives several models as many lanes as the most demanding of them wants', () => {
    const both = [folder('a'), folder('b')];
    const measured = profiles({ a: { lanes: 2 }, b: { lanes: 4, decode_threads: 3 } });
    expect(planWorker(RESOURCES, both, NOTHING, measured).plan).toMatchObject({ lanes: 4, decodeThreads: 3 });
    const { tunedOf } = planWorker(RESOURCES, both, NOTHING, measured);
    expect(tunedOf(both[0]!)?.shape).toMatchObject({ lanes: 2 });
    expect(planWorker(RESOURCES, both, NOTHING, profiles({ a: { lanes: 2 } })).plan.lanes).toBe(8);
  });

  it('stays within the memory if several models fill it', () => {
    const both = [folder('a', {}, 2e9), folder('b', {}, 2e9)];
    const tight = { cpus: 8, memoryBytes: 40 * 2 ** 30 };
    const formula = planWorker(tight, both, NOTHING, new Map()).plan.lanes;
    expect(formula).toBeLessThan(4);
    expect(planWorker(tight, both, NOTHING, profiles({ a: {}, b: {} })).plan.lanes).toBe(formula);
  });
});
