/** Decides from a worker's models what lanes it has: for the CPU or devices, with decode threads or without. Pure. */
import type { Config } from '../../shared/config/config.ts';
import { deviceOf } from '../../shared/domain/model/device.ts';
import type { ModelConfig } from '../../shared/domain/model/model-config.ts';
import { rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import type { Resources } from './resources.ts';

export interface LaneKind {
  /** Devices that the models compute on. */
  readonly devices: number;
  /**
   * Whether some model computes on the CPU, or there are no models. Then there is a lane per core, and devices use some
   * of these lanes.
   */
  readonly onCpu: boolean;
  /** Which lanes decode images on threads of their own (ADR 18): all of them, those of devices, or none. */
  readonly threaded: 'all' | 'devices' | 'none';
}

/** FOREBAY_DECODE_IN. */
export type DecodeIn = Config['decodeIn'];

export const CPU_LANES: LaneKind = { devices: 0, onCpu: true, threaded: 'none' };

export function laneKindOf(
  configs: readonly ModelConfig[],
  decodeIn: DecodeIn,
  { hasGpu = false }: Pick<Resources, 'hasGpu'>,
): LaneKind {
  // Without a GPU, a model that may fall back to the CPU will do so.
  const usedBy = (config: ModelConfig) => (config.fallback === true && !hasGpu ? null : deviceOf(config));
  const devices = new Set(configs.map(usedBy));
  const onCpu = devices.delete(null) || configs.length === 0;
  const decodes = configs.some((config) => usedBy(config) !== null && rowKindOf(config) === 'image');
  const byModels = decodes ? 'devices' : 'none';
  const threaded = { auto: byModels, lane: 'none', threads: 'all' } as const;
  return { devices: devices.size, onCpu, threaded: threaded[decodeIn] };
}
