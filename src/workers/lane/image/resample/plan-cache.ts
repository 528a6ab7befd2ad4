/** Keeps resampling plans by geometry. Photos of a folder have few sizes, and a plan costs more than a small image. */
import type { Geometry } from '../decode/geometry.ts';
import { planResampling, type Interpolation, type ResamplingPlan, type Size } from './pillow-resampler.ts';

export interface PlanCache {
  get(source: Size, geometry: Geometry, interpolation: Interpolation): ResamplingPlan;
}

/** How many numbers of 2 to 4 bytes all kept plans may hold together. A plan for a 500 x 375 photo has 3,600 numbers. */
const KEPT_NUMBERS = 1_000_000;

interface KeptPlan {
  readonly source: Size;
  readonly geometry: Geometry;
  readonly interpolation: Interpolation;
  readonly plan: ResamplingPlan;
  lastUse: number;
}

/** Drops the least recently used plans when they have too many numbers. */
export function createPlanCache(): PlanCache {
  /** By the size of the source. Few models share a lane, so few plans share a size. */
  const plans = new Map<number, KeptPlan[]>();
  let kept = 0;
  let uses = 0;

  function get(source: Size, geometry: Geometry, interpolation: Interpolation): ResamplingPlan {
    const key = keyOf(source);
    const known = plans.get(key);
    // A string as the key would add 2 % to a thumbnail's time.
    const found = known?.find((one) => isFor(one, source, geometry, interpolation));
    if (found !== undefined) {
      found.lastUse = ++uses;
      return found.plan;
    }
    const plan = planResampling(source, geometry, interpolation);
    const made = { source, geometry, interpolation, plan, lastUse: ++uses };
    plans.set(key, [...(known ?? []), made]);
    kept += numbersIn(plan);
    if (kept > KEPT_NUMBERS) dropOldest();
    return plan;
  }

  /** Drops half of what is kept, so that dropping is rarely needed. */
  function dropOldest(): void {
    const oldest = [...plans.values()].flat().toSorted((a, b) => a.lastUse - b.lastUse);
    for (const one of oldest) {
      if (kept <= KEPT_NUMBERS / 2) return;
      const key = keyOf(one.source);
      const others = plans.get(key)!.filter((other) => other !== one);
      if (others.length === 0) plans.delete(key);
      else plans.set(key, others);
      kept -= numbersIn(one.plan);
    }
  }

  return { get };
}

/** No image has a side of 2^20 pixels or more. */
function keyOf({ width, height }: Size): number {
  return width * 2 ** 20 + height;
}

function isFor(plan: KeptPlan, source: Size, geometry: Geometry, interpolation: Interpolation): boolean {
  const { window } = geometry;
  return (
    plan.interpolation === interpolation &&
    sameSize(plan.source, source) &&
    sameSize(plan.geometry.resized, geometry.resized) &&
    sameSize(plan.geometry.window, window) &&
    plan.geometry.window.left === window.left &&
    plan.geometry.window.top === window.top
  );
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function numbersIn({ columns, rows }: ResamplingPlan): number {
  return columns.first.length + columns.weights.length + rows.first.length + rows.weights.length;
}
