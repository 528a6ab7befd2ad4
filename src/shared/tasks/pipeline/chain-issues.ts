/** What makes no sense in a chain: by its own fields, and with the models that it names. */
import type { Issue } from '../../errors.ts';
import { deciderOf, DETECTIONS_FIELD, detectorBefore, SCORED_FIELD, type Chain } from './chain-config.ts';
import type { MemberFacts } from './pipeline-issues.ts';
import { ROWS_OF_KIND } from './rows-of-kind.ts';

type Step = Chain['steps'][number];

/** `chain`: fits the schema, but its models are not known yet. */
export function chainFieldIssues({ steps }: Chain): Issue[] {
  return steps.flatMap((step, at) => stepIssues(step, at, steps));
}

function stepIssues({ for_each, when, max_crops }: Step, at: number, steps: Chain['steps']): Issue[] {
  const issues: Issue[] = [];
  const problem = (field: string, message: string) => void issues.push({ path: pathOf(at, field), message });
  if (at === 0 && for_each !== undefined)
    problem('for_each', 'has no use, because no step before it detects');
  if (at === 0 && when !== undefined) problem('when', 'has no use, because the first model gets every row');
  if (max_crops !== undefined && for_each === undefined)
    problem('max_crops', `has no use without "for_each": "${DETECTIONS_FIELD}"`);
  if (when === undefined) return issues;
  if (when.label === undefined && when.min_score === undefined)
    problem('when', 'says nothing; set "label", "min_score" or both');
  const before = steps.slice(0, at).map(({ model }) => model);
  if (when.of !== undefined && !before.includes(when.of))
    problem('when/of', `"${when.of}" is no model of an earlier step; those are ${before.join(', ')}`);
  return issues;
}

export function chainMemberIssues({ steps }: Chain, members: readonly MemberFacts[]): Issue[] {
  const [first] = members;
  const fieldsOf = (at: number) => members[at]!.fields;
  return steps.flatMap(({ for_each, when }, at): Issue[] => {
    const { model, input } = members[at]!;
    const refuse = (field: string, message: string) => [{ path: pathOf(at, field), message }];
    if (for_each === undefined && input !== first!.input) {
      const crops = input === 'image' ? `; to give it crops, set "for_each": "${DETECTIONS_FIELD}"` : '';
      return refuse(
        'model',
        `"${model}" takes ${ROWS_OF_KIND[input]}, but "${first!.model}" takes ${ROWS_OF_KIND[first!.input]}; steps without "for_each" get the same rows${crops}`,
      );
    }
    if (for_each !== undefined) {
      if (detectorBefore(steps, at, fieldsOf) === null)
        return refuse('for_each', `"${model}" needs objects, and ${noneDetects(steps, members, at)}`);
      if (input !== 'image')
        return refuse(
          'model',
          `"${model}" takes ${ROWS_OF_KIND[input]}, but a step for each object gets crops, which are images`,
        );
    }
    if (when === undefined || deciderOf(steps, at, fieldsOf) !== null) return [];
    return refuse('when', noneDecides(steps, members, at));
  });
}

/** Crops have no objects of their own, so only steps with whole rows can detect. */
function noneDetects(steps: Chain['steps'], members: readonly MemberFacts[], at: number): string {
  const before = members.slice(0, at).filter((_, i) => steps[i]!.for_each === undefined);
  const [only] = before;
  return before.length === 1
    ? `"${only!.model}" (${only!.task}) does not detect: it answers ${only!.fields.join(', ')}`
    : `no model before it detects: ${before.map(answersOf).join(', and ')}`;
}

function noneDecides(steps: Chain['steps'], members: readonly MemberFacts[], at: number): string {
  const { model, for_each, when } = steps[at]!;
  const what =
    for_each === undefined
      ? `${SCORED_FIELD} or ${DETECTIONS_FIELD} of the row`
      : `the objects themselves, or ${SCORED_FIELD} of their crops`;
  const before = members.slice(0, at).flatMap((one, i) => {
    if (when!.of !== undefined && when!.of !== one.model) return [];
    return `${answersOf(one)} for ${steps[i]!.for_each === undefined ? 'the row' : 'crops'}`;
  });
  return `"${model}" depends on ${what}, but ${before.join(', and ')}`;
}

function answersOf({ model, task, fields }: MemberFacts): string {
  return `"${model}" (${task}) answers ${fields.join(', ')}`;
}

export function pathOf(step: number, field: string): string {
  return `/chain/steps/${step}/${field}`;
}
