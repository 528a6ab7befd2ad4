/** The config of a chain: models one after the other, which get the row or parts of its image. */
import { z } from 'zod';
import { MAX_MEMBERS, MEMBER_NAME } from './member-name.ts';

/** The field of an answer that lists the objects of an image. */
export const DETECTIONS_FIELD = 'detections';

/** The most crops of a row that a step gets, unless it sets a number. */
const USUAL_MAX_CROPS = 32;

/** Which rows, or which objects, a step gets. */
const WHEN = z.strictObject({
  /**
   * The model whose answer decides. Absent: the detector if the step gets crops, otherwise the last classifier or
   * detector before it.
   */
  of: MEMBER_NAME.optional(),
  /** Names of classes, or numbers of them. */
  label: z
    .array(z.union([z.string(), z.int().min(0)]))
    .min(1)
    .max(1000)
    .optional(),
  min_score: z.number().min(0).max(1).optional(),
});

const STEP = z.strictObject({
  model: MEMBER_NAME,
  /** The model gets a crop of the image for each object that a step before it has found. Absent: it gets the row. */
  for_each: z.literal(DETECTIONS_FIELD).optional(),
  when: WHEN.optional(),
  /** The most crops of a row that the model gets. They are those of the best objects. */
  max_crops: z.int().min(1).max(1000).optional(),
  /** The field for the answer of this model. Absent: its fields stand beside those of the others. */
  as: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'a letter, then letters, digits and "_"; 64 at most')
    .optional(),
});

export const CHAIN = z.strictObject({ steps: z.array(STEP).min(2).max(MAX_MEMBERS) });

export type Chain = z.infer<typeof CHAIN>;
export type When = z.infer<typeof WHEN>;

/** A step, and the steps before it that it refers to. Steps are named by their position. */
export interface ChainStep {
  readonly model: string;
  /** Which step's objects it gets. Null: it gets the row. */
  readonly detector: number | null;
  readonly when: (Pick<When, 'label' | 'min_score'> & { readonly of: number }) | null;
  readonly maxCrops: number;
  readonly as: string | null;
}

/** What a step's model answers. */
export type FieldsOf = (step: number) => readonly string[];

/** `fieldsOf`: fields of each model's answers. The chain has been checked, so that every reference leads somewhere. */
export function chainSteps({ steps }: Chain, fieldsOf: FieldsOf): readonly ChainStep[] {
  return steps.map(({ model, for_each, when, max_crops = USUAL_MAX_CROPS, as = null }, at) => {
    const detector = for_each === undefined ? null : detectorBefore(steps, at, fieldsOf);
    const of = when === undefined ? null : deciderOf(steps, at, fieldsOf);
    return {
      model,
      detector,
      when: when === undefined || of === null ? null : { ...when, of },
      maxCrops: max_crops,
      as,
    };
  });
}

/** The last step before this one that finds objects in the whole image. */
export function detectorBefore(steps: Chain['steps'], at: number, fieldsOf: FieldsOf): number | null {
  return lastBefore(at, (before) => detects(steps, before, fieldsOf));
}

/** The step whose answer decides about `when`. Null if there is none. */
export function deciderOf(steps: Chain['steps'], at: number, fieldsOf: FieldsOf): number | null {
  const { when, for_each } = steps[at]!;
  const { of } = when!;
  const isCandidate = (before: number) => of === undefined || steps[before]!.model === of;
  if (for_each === undefined) {
    return lastBefore(
      at,
      (before) =>
        isCandidate(before) &&
        (detects(steps, before, fieldsOf) ||
          (steps[before]!.for_each === undefined && fieldsOf(before).includes(SCORED_FIELD))),
    );
  }
  const detector = detectorBefore(steps, at, fieldsOf);
  if (detector === null || isCandidate(detector)) return detector;
  return lastBefore(
    at,
    (before) =>
      isCandidate(before) &&
      steps[before]!.for_each !== undefined &&
      detectorBefore(steps, before, fieldsOf) === detector &&
      fieldsOf(before).includes(SCORED_FIELD),
  );
}

/** The field of an answer that lists classes with scores, best first. */
export const SCORED_FIELD = 'predictions';

function detects(steps: Chain['steps'], at: number, fieldsOf: FieldsOf): boolean {
  return steps[at]!.for_each === undefined && fieldsOf(at).includes(DETECTIONS_FIELD);
}

function lastBefore(at: number, fits: (before: number) => boolean): number | null {
  for (let before = at - 1; before >= 0; before--) if (fits(before)) return before;
  return null;
}
