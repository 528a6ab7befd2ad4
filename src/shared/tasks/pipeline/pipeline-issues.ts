/** What makes no sense in a pipeline: by its own fields, and with the models that it names. */
import type { Issue } from '../../errors.ts';
import type { RowKind } from '../task-description.ts';
import { SCORED_FIELD } from './chain-config.ts';
import { chainFieldIssues, chainMemberIssues } from './chain-issues.ts';
import { differentClasses, type ClassCount } from './class-counts.ts';
import { namedModels, type Combining } from './pipeline-config.ts';
import { ROWS_OF_KIND } from './rows-of-kind.ts';

/** `config`: fits the schema, but its models are not known yet. */
export function fieldIssues(config: Combining): Issue[] {
  const { ensemble, cascade, chain } = config;
  if ([ensemble, cascade, chain].filter((one) => one !== undefined).length !== 1) {
    return [{ path: '', message: 'a pipeline has one of "ensemble", "cascade" and "chain"' }];
  }
  const issues: Issue[] = [];
  const names = new Set<string>();
  for (const { model, path } of namedModels(config)) {
    if (names.has(model)) issues.push({ path, message: `names "${model}" twice` });
    names.add(model);
  }
  const last = (cascade?.levels.length ?? 0) - 1;
  for (const [i, { threshold }] of (cascade?.levels ?? []).entries()) {
    const path = `/cascade/levels/${i}/threshold`;
    if (i < last && threshold === undefined) {
      issues.push({ path, message: 'is missing: the score below which a row goes on to the next level' });
    }
    if (i === last && threshold !== undefined) {
      issues.push({ path, message: 'has no use, because no level follows; leave it out' });
    }
  }
  for (const [i, { weight }] of (ensemble?.members ?? []).entries()) {
    if (weight === undefined || ensemble?.combine === 'average') continue;
    const message = `has no use with "combine": "${ensemble?.combine}"; only "average" takes weights`;
    issues.push({ path: `/ensemble/members/${i}/weight`, message });
  }
  if (chain !== undefined) issues.push(...chainFieldIssues(chain));
  return issues;
}

/** What the pipeline must know of each model, in their order. */
export interface MemberFacts extends ClassCount {
  readonly task: string;
  readonly input: RowKind;
  /** Fields of its answers. */
  readonly fields: readonly string[];
}

/** In an ensemble or a cascade, answers are compared. Only those of classifiers have scores. */
export function memberIssues(config: Combining, members: readonly MemberFacts[]): Issue[] {
  if (config.chain !== undefined) return chainMemberIssues(config.chain, members);
  const issues: Issue[] = [];
  const places = namedModels(config).map(({ path }) => path);
  const [first] = members;
  const combine = config.ensemble?.combine ?? null;
  for (const [i, { model, task, input, fields }] of members.entries()) {
    const path = places[i]!;
    if (input !== first!.input) {
      const message = `"${model}" takes ${ROWS_OF_KIND[input]}, but "${first!.model}" takes ${ROWS_OF_KIND[first!.input]}; models of a pipeline get the same rows`;
      issues.push({ path, message });
    }
    if (combine !== 'all' && !fields.includes(SCORED_FIELD)) {
      const needs = combine === null ? 'a cascade' : `"combine": "${combine}"`;
      const way = combine === null ? '' : '; use "combine": "all"';
      const message = `${needs} compares scores of classes, and "${model}" (${task}) answers ${fields.join(', ')}${way}`;
      issues.push({ path, message });
    }
  }
  if (issues.length > 0) return issues;
  const differ = differentClasses(combine, members);
  return differ === null ? [] : [{ path: places[differ.at]!, message: differ.message }];
}
