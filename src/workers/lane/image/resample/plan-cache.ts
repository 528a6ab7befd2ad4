/** Keeps resampling plans by geometry. Photos of a folder have few sizes, and a plan costs more than a small image. */
import type { Geometry } from '../decode/geometry.ts';
import { planResampling, type Interpolation, type ResamplingPlan, type Size } from './pillow-resampler.ts';

export interface PlanCache {
  get(source: Size, geometry: Geometry, interpolation: Interpolation): ResamplingPlan;
}

/** Numbers in all kept tables, of 2 to 4 bytes each. A plan for a 500 x 375 photo has 3,600. */
const KEPT_NUMBERS = 1_000_000;

/** Drops the least recently used plan first. */
export function createPlanCache(): PlanCache {
  const plans = new Map<string, ResamplingPlan>();
  let kept = 0;
  let latest: {
    source: Size;
    geometry: Geometry;
    interpolation: Interpolation;
    plan: ResamplingPlan;
  } | null = null;

  function get(source: Size, geometry: Geometry, interpolation: Interpolation): ResamplingPlan {
    // Thumbnails of one size come by the thousand. Building a key's text would cost each of them 2 % of its time.
    if (
      latest !== null &&
      latest.interpolation === interpolation &&
      sameSize(latest.source, source) &&
      sameSize(latest.geometry.resized, geometry.resized) &&
      sameSize(latest.geometry.window, geometry.window) &&
      latest.geometry.window.left === geometry.window.left &&
      latest.geometry.window.top === geometry.window.top
    ) {
      return latest.plan;
    }
    const plan = find(source, geometry, interpolation);
    latest = { source, geometry, interpolation, plan };
    return plan;
  }

  function find(source: Size, geometry: Geometry, interpolation: Interpolation): ResamplingPlan {
    const { resized, window } = geometry;
    const numbers = [source.width, source.height, resized.width, resized.height, window.width, window.height];
    const key = `${interpolation} ${numbers.join(' ')} ${window.left} ${window.top}`;
    const known = plans.get(key);
    if (known !== undefined) {
      plans.delete(key);
      plans.set(key, known);
      return known;
    }
    const plan = planResampling(source, geometry, interpolation);
    plans.set(key, plan);
    kept += numbersIn(plan);
    for (const [oldest, old] of plans) {
      if (kept <= KEPT_NUMBERS) break;
      plans.delete(oldest);
      kept -= numbersIn(old);
    }
    return plan;
  }

  return { get };
}

function sameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

function numbersIn({ columns, rows }: ResamplingPlan): number {
  return columns.first.length + columns.weights.length + rows.first.length + rows.weights.length;
}
