/** What a chain needs to know before its models are loaded: its steps, and the pictures that its detectors leave. */
import { resultSchemaOf } from '../../../shared/tasks/result-schema.ts';
import { chainSteps, type ChainStep } from '../../../shared/tasks/pipeline/chain-config.ts';
import { takesOption } from '../../../shared/tasks/pipeline/member-options.ts';
import type { PipelineConfig } from '../../../shared/tasks/pipeline/pipeline-config.ts';
import type { OptionValues } from '../../../shared/tasks/task-description.ts';
import { taskOf } from '../../../shared/tasks/task-descriptions.ts';
import { createPictureShelf, type PictureShelf } from '../image/kept-pictures.ts';
import type { LaneServices } from '../tasks/task.ts';
import { createCropSource, type CropSource } from './crop-source.ts';

/** Decoded images that wait for one detector, over all batches of a lane. 100 photos of 500 x 375 pixels take 56 MB. */
const KEPT_BYTES = 64 * 1024 * 1024;

export interface ChainPlan {
  readonly steps: readonly ChainStep[];
  readonly isPartial: boolean;
  /** By detector. */
  readonly shelves: ReadonlyMap<number, PictureShelf>;
  readonly crops: ReadonlyMap<number, CropSource>;
  /** The options of a job that a step takes. */
  optionsOf(step: number, given: OptionValues): OptionValues;
}

export function planChain(
  { chain, members, on_member_error }: PipelineConfig,
  services: LaneServices,
): ChainPlan {
  const tasks = members.map(({ config }) => ({ task: taskOf(config), config }));
  const answers = tasks.map(({ task, config }) => Object.keys(resultSchemaOf(task, config).properties));
  const steps = chainSteps(chain!, (at) => answers[at]!);
  // Found once, because it takes longer than a small batch.
  const taken = tasks.map(
    ({ task }, step) => new Set<string>(task.options.filter((name) => takesOption(tasks, step, name))),
  );
  const detectors = new Set(steps.flatMap(({ detector }) => detector ?? []));
  const shelves = new Map([...detectors].map((at) => [at, createPictureShelf(KEPT_BYTES)]));
  return {
    steps,
    isPartial: on_member_error === 'partial',
    shelves,
    crops: new Map(
      [...shelves].map(([at, shelf]) => [at, createCropSource(members[at]!.config, shelf, services)]),
    ),
    optionsOf: (step, given) =>
      Object.fromEntries(Object.entries(given).filter(([name]) => taken[step]!.has(name))),
  };
}
