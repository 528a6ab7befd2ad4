/** Where a search starts, and which settings it must not change. */
import { autoBatchSize } from '../../../shared/tasks/auto-batch.ts';
import { deviceOf } from '../../../shared/domain/model/device.ts';
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import { settingsKey, type LaneSettings, type Profile } from '../../../shared/profiles/profile.ts';
import type { TuneStart, TuneRequest } from '../../../shared/profiles/tune-events.ts';
import { CPU_LANES, type LaneKind } from '../../settings/lane-kind.ts';
import { planLanes } from '../../settings/plan-lanes.ts';
import { requested } from '../../settings/requested.ts';
import type { Resources } from '../../settings/resources.ts';
import type { Space } from './space.ts';

/**
 * Starts with an earlier profile's settings if the space has them, so that tuning twice does not change them by chance.
 */
export function startOf(space: Space, earlier: Profile | null): TuneStart {
  const key = earlier === null ? null : settingsKey(earlier.settings);
  const known = space.all.find((settings) => settingsKey(settings) === key);
  return known === undefined
    ? { from: 'formula', settings: space.start }
    : { from: 'profile', settings: known };
}

/** The settings that workers use without a profile. */
export function formulaOf(
  resources: Resources,
  modelBytes: number,
  config: ModelConfig,
  kind: LaneKind = CPU_LANES,
): LaneSettings {
  const given = (value: number | 'auto') => requested('model_config', value === 'auto' ? undefined : value);
  const wanted = { lanes: given(config.lanes), threads: given(config.threads_per_lane) };
  const plan = planLanes(resources, modelBytes, wanted, kind);
  return {
    lanes: plan.lanes,
    threads_per_lane: plan.threads,
    batch_size: autoBatchSize(config),
    decode_threads: plan.decodeThreads,
  };
}

/** The values to try. Values that the config fixes are not searched, because it overrides the profile anyway. */
export function givenValues(only: TuneRequest['only'], config: ModelConfig) {
  const { lanes, threads_per_lane, batching } = config;
  const onDevice = deviceOf(config) !== null;
  const fixed = (value: number | 'auto') => (value === 'auto' ? undefined : [value]);
  return {
    lanes: fixed(lanes) ?? only.lanes ?? (onDevice ? DEVICE_LANES : undefined),
    threads: fixed(threads_per_lane) ?? only.threads ?? (onDevice ? [1] : undefined),
    batches: fixed(batching.batch_size) ?? only.batches,
    decodeThreads: only.decodeThreads,
  };
}

/** Two lanes keep a device busy between two calls, but both need its memory. */
const DEVICE_LANES = [1, 2];
