/**
 * What a decoder makes of an image: the window of its model and, in an ensemble, those of models that resize or crop
 * the same pixels in another way. Each window has a kernel of its own, and all kernels get the decoder's lines.
 */
import { needsWhole, type PixelRoom, type ResamplingKernel, type SourceUse } from '../resample/kernel.ts';
import type { PlanCache, SizePlan, SizePlans } from '../resample/plan-cache.ts';
import type { Region, ResamplingPlan, Size } from '../resample/pillow-resampler.ts';
import { checkedGeometry, kernelWindow, sourceUse, type GeometryOptions } from './crop.ts';
import { HELD_PIXELS, type DecodeConfig, type DecodedWindow, type DecodeOptions } from './decoder.ts';
import type { Geometry } from './geometry.ts';
import { splitRoom, type SplitRoom } from './split-room.ts';

export interface Windows {
  /** `geometryOf`: called if the plan for this size is not known. Its errors are thrown. */
  plan(size: Size, geometryOf: () => Geometry): WindowPlans;
  /** Whether the model's own window needs the region as a whole. */
  needsWhole(plans: WindowPlans): boolean;
  /** The memory of the other windows at most, if their plans are not known yet. */
  besideBytesAtMost(size: Size): number;
  /** Begins with the next image. Returns where the pixels of `regionOf(plans)` go. */
  open(plans: WindowPlans): PixelRoom;
  /** The windows of the image that was opened last. Its region must have been filled in. */
  taken(plans: WindowPlans): DecodedWindow;
}

export interface WindowPlans extends SizePlan {
  /** Absent if no other window is wanted. Then nothing is allocated per image. */
  readonly beside?: Beside;
}

interface Beside {
  readonly windows: readonly (SizePlan & { readonly config: DecodeConfig })[];
  /** The part of the image that all windows depend on. */
  readonly region: Region;
  /** What the kernels of the other windows hold. */
  readonly bytes: number;
}

export function regionOf({ plan, beside }: WindowPlans): Region {
  return beside === undefined ? plan.region : beside.region;
}

export function besideBytes({ beside }: WindowPlans): number {
  return beside === undefined ? 0 : beside.bytes;
}

/** `kernelAt`: the kernels of the lane. The first one is for the model's own window. */
export function createWindows(
  options: DecodeOptions,
  { kernelAt, plans }: { readonly kernelAt: (i: number) => ResamplingKernel; readonly plans: PlanCache },
): Windows {
  const kernel = kernelAt(0);
  const own = plans.of(options);
  const use = sourceUse(options);
  const besideUse: SourceUse = { grey: use.grey, keep: false };
  let others: Others = { configs: NONE, all: [] };
  let split: SplitRoom | null = null;

  function othersNow(beside: () => readonly DecodeConfig[]): Others['all'] {
    const configs = beside();
    if (configs !== others.configs) {
      const { maxPixels, maxImageRatio } = options;
      const other = (config: DecodeConfig) => ({
        config,
        limited: { ...config, maxPixels, maxImageRatio },
        plans: plans.of(config),
      });
      others = { configs, all: configs.map(other) };
    }
    return others.all;
  }

  function withOthers(size: Size, planned: SizePlan, all: Others['all']): WindowPlans {
    // For another model, libvips may resize such an image, with other pixels.
    if (size.width * size.height > HELD_PIXELS) return planned;
    const windows = all.flatMap(({ config, limited, plans }) => {
      try {
        // The ratio was checked for the model itself.
        return [{ config, ...plans.get(size, () => checkedGeometry(size, Infinity, limited)) }];
      } catch {
        // That model decodes the image itself, and gives the error.
        return [];
      }
    });
    if (windows.length === 0) return planned;
    const region = windows.reduce((sofar, { plan }) => union(sofar, plan.region), planned.plan.region);
    const bytes = windows.reduce((sum, { plan }) => sum + heldBytes(plan, besideUse), 0);
    return { ...planned, beside: { windows, region, bytes } };
  }

  return {
    plan(size, geometryOf) {
      const planned = own.get(size, geometryOf);
      if (options.beside === undefined) return planned;
      const all = othersNow(options.beside);
      return all.length === 0 ? planned : withOthers(size, planned, all);
    },
    needsWhole: ({ plan }) => needsWhole(plan, use),
    besideBytesAtMost: ({ width, height }) =>
      options.beside === undefined ? 0 : options.beside().length * width * height * 3,
    open({ plan, beside }) {
      const room = kernel.open(plan, use);
      if (beside === undefined) return room;
      const parts = beside.windows.map(({ plan }, i) => ({
        room: kernelAt(i + 1).open(plan, besideUse),
        region: plan.region,
      }));
      split = splitRoom({ room, region: plan.region }, parts, beside.region);
      return split;
    },
    taken({ plan, beside }) {
      if (beside === undefined) return kernelWindow(kernel, plan, use);
      split!.end();
      split = null;
      const windows = beside.windows.map(({ config, plan, geometry }, i) => ({
        config,
        geometry,
        window: kernelWindow(kernelAt(i + 1), plan, besideUse),
      }));
      return kernelWindow(kernel, plan, use, windows);
    },
  };
}

interface Others {
  readonly configs: readonly DecodeConfig[];
  readonly all: readonly {
    readonly config: DecodeConfig;
    readonly limited: GeometryOptions;
    readonly plans: SizePlans;
  }[];
}

const NONE: readonly DecodeConfig[] = [];

/** What a kernel holds of the region: all of it, or its lines at the width of the result. */
function heldBytes(plan: ResamplingPlan, use: SourceUse): number {
  const { region, window } = plan;
  return (needsWhole(plan, use) ? region.width : window.width) * region.height * 3;
}

function union(a: Region, b: Region): Region {
  const left = Math.min(a.left, b.left);
  const top = Math.min(a.top, b.top);
  return {
    left,
    top,
    width: Math.max(a.left + a.width, b.left + b.width) - left,
    height: Math.max(a.top + a.height, b.top + b.height) - top,
  };
}
