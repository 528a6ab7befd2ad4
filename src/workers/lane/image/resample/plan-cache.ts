/**
 * Keeps geometries and resampling plans by the size of the image. Photos of a folder have few sizes, and a plan costs
 * more than a small image.
 */
import type { Preprocess } from '../../../../shared/tasks/image/preprocess.ts';
import type { Geometry, GeometryConfig } from '../decode/geometry.ts';
import { planResampling, type ResamplingPlan, type Size } from './pillow-resampler.ts';

export interface PlanCache {
  /** The plans of all decoders with this config. */
  of(config: PlanConfig): SizePlans;
}

/** What a plan depends on besides the size of the image. */
export type PlanConfig = GeometryConfig & Pick<Preprocess, 'interpolation'>;

export interface SizePlans {
  /** `geometryOf`: called if the plan for this size is not known. Its errors are thrown. */
  get(source: Size, geometryOf: () => Geometry): SizePlan;
}

export interface SizePlan {
  readonly geometry: Geometry;
  readonly plan: ResamplingPlan;
}

/** How many numbers of 2 to 4 bytes all kept plans may hold together. A plan for a 500 x 375 photo has 3,600 numbers. */
const KEPT_NUMBERS = 1_000_000;

interface KeptPlan extends SizePlan {
  lastUse: number;
}

/** Drops the least recently used plans when they have too many numbers. */
export function createPlanCache(): PlanCache {
  const byConfig = new Map<string, Map<number, KeptPlan>>();
  let kept = 0;
  let uses = 0;

  /** Drops half of what is kept, so that dropping is rarely needed. */
  function dropOldest(): void {
    const all = [...byConfig.values()].flatMap((plans) =>
      Array.from(plans, ([key, one]) => ({ plans, key, one })),
    );
    for (const { plans, key, one } of all.toSorted((a, b) => a.one.lastUse - b.one.lastUse)) {
      if (kept <= KEPT_NUMBERS / 2) return;
      plans.delete(key);
      kept -= numbersIn(one.plan);
    }
  }

  return {
    of(config) {
      const plans = byConfig.get(keyOf(config)) ?? new Map<number, KeptPlan>();
      byConfig.set(keyOf(config), plans);
      return {
        get(source, geometryOf) {
          // No image has a side of 2^20 pixels or more. A string as the key would add 2 % to a thumbnail's time.
          const key = source.width * 2 ** 20 + source.height;
          const found = plans.get(key);
          if (found !== undefined) {
            found.lastUse = ++uses;
            return found;
          }
          const geometry = geometryOf();
          const plan = planResampling(source, geometry, config.interpolation);
          const made = { geometry, plan, lastUse: ++uses };
          plans.set(key, made);
          kept += numbersIn(plan);
          if (kept > KEPT_NUMBERS) dropOldest();
          return made;
        },
      };
    },
  };
}

function keyOf({ resize, crop, align, whole, interpolation }: PlanConfig): string {
  return JSON.stringify([resize, crop, align, whole, interpolation]);
}

function numbersIn({ columns, rows }: ResamplingPlan): number {
  return columns.first.length + columns.weights.length + rows.first.length + rows.weights.length;
}
