/** The fields that a chain answers: those of its models, each at its place, and what the chain adds. */
import { z } from 'zod';
import type { ResultFields } from '../result-schema.ts';
import { chainSteps, DETECTIONS_FIELD, type Chain } from './chain-config.ts';

/** The field of a row that has not gone through all steps. */
export const STOPPED_FIELD = 'stopped_after';
/** The field that counts the crops beyond `max_crops`. */
export const LEFT_OUT_FIELD = 'crops_left_out';

export const STOPPED_AFTER = z.string();
export const CROPS_LEFT_OUT = z.int();

type Properties = ResultFields['properties'];

/** Two models answer the same field at the same place. */
export interface FieldClash {
  readonly field: string;
  readonly first: string;
  readonly second: string;
  /** The step of the second one. */
  readonly step: number;
}

export interface ChainFields extends ResultFields {
  readonly clashes: readonly FieldClash[];
  /** Whether rows may stop before the last step. */
  readonly mayStop: boolean;
  readonly hasCrops: boolean;
}

/** `answers`: what each model answers. `isPartial`: rows go on without models that fail. */
export function chainResult(chain: Chain, answers: readonly ResultFields[], isPartial: boolean): ChainFields {
  const steps = chainSteps(chain, (at) => Object.keys(answers[at]!.properties));
  const clashes: FieldClash[] = [];
  const firstStop = steps.findIndex(
    ({ detector, when }, at) => at > 0 && detector === null && (isPartial || when !== null),
  );
  const owners = new Map<string, string>();
  /** By detector: the fields of an object, and the model that each comes from. */
  const objects = new Map<number, { properties: Properties; owners: Map<string, string> }>();

  function claim(taken: Map<string, string>, fields: readonly string[], step: number, whole = ''): void {
    const { model } = steps[step]!;
    for (const field of fields) {
      const first = taken.get(field);
      if (first !== undefined) clashes.push({ field: whole + field, first, second: model, step });
      else taken.set(field, model);
    }
  }

  for (const [at, { detector, as, model }] of steps.entries()) {
    const { properties } = placed(answers[at]!, as);
    if (detector === null) {
      claim(owners, Object.keys(properties), at);
      const known = itemsOf(answers[at]!);
      objects.set(at, {
        properties: known ?? {},
        owners: new Map(Object.keys(known ?? {}).map((field) => [field, model])),
      });
      continue;
    }
    const object = objects.get(detector)!;
    claim(object.owners, Object.keys(properties), at, `${DETECTIONS_FIELD}.`);
    object.properties = { ...object.properties, ...properties };
  }
  const rowSteps = steps.flatMap(({ detector, as }, at) => {
    if (detector !== null) return [];
    const found = objects.get(at)!.properties;
    const fields = withItems(answers[at]!, found);
    const isCertain = firstStop < 0 || at < firstStop;
    return [{ ...placed(isCertain ? fields : { ...fields, required: [] }, as), isCertain }];
  });
  return {
    properties: Object.assign({}, ...rowSteps.map(({ properties }) => properties)) as Properties,
    required: rowSteps.flatMap(({ required, isCertain }) => (isCertain ? required : [])),
    clashes,
    mayStop: firstStop >= 0,
    hasCrops: steps.some(({ detector }) => detector !== null),
  };
}

/** The fields of an answer, in one field if it has a name. */
function placed({ properties, required }: ResultFields, as: string | null): ResultFields {
  if (as === null) return { properties, required };
  return { properties: { [as]: { type: 'object', properties, required } }, required: [as] };
}

interface ListSchema {
  readonly items?: { readonly properties?: Properties } & Readonly<Record<string, unknown>>;
}

/** The fields of a detector's objects. Null if its schema does not declare them. */
function itemsOf({ properties }: ResultFields): Properties | null {
  return (properties[DETECTIONS_FIELD] as ListSchema | undefined)?.items?.properties ?? null;
}

/** The fields of a detector with more about each object. */
function withItems(fields: ResultFields, object: Properties): ResultFields {
  const list = fields.properties[DETECTIONS_FIELD] as ListSchema | undefined;
  if (list?.items?.properties === undefined) return fields;
  const items = { ...list.items, properties: object };
  return { ...fields, properties: { ...fields.properties, [DETECTIONS_FIELD]: { ...list, items } } };
}
