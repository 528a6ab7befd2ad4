/** Reads the models of a pipeline, and checks that they fit together. */
import { deviceOf } from '../domain/model/device.ts';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { ForebayError, type Issue } from '../errors.ts';
import { countClasses } from '../tasks/pipeline/class-counts.ts';
import { namedModels, type PipelineConfig } from '../tasks/pipeline/pipeline-config.ts';
import { namesDiffer } from '../tasks/pipeline/class-names.ts';
import { memberIssues, type MemberFacts } from '../tasks/pipeline/pipeline-issues.ts';
import { sameColumns } from '../tasks/result-columns.ts';
import { resultSchemaOf } from '../tasks/result-schema.ts';
import { rowKindOf, taskOf } from '../tasks/task-descriptions.ts';
import { MAX_DEPTH, MAX_MODELS, TOO_DEEP, TOO_MANY } from './member-limits.ts';
import { checkChain } from './check-chain.ts';
import { compareClasses, type ComparedClasses } from './class-names-of.ts';
import type { GraphTensor } from './graph-tensor.ts';
import type { ModelFolder } from './model-folder.ts';
import { findMember } from './pipeline-members.ts';

/** What must be known of a model before a pipeline can have it. */
export interface KnownMember extends Pick<ModelFolder, 'ref' | 'config' | 'named'> {
  /** The outputs that its task uses. Absent if no lane has told them. Lanes check them again. */
  readonly outputs?: readonly GraphTensor[] | undefined;
}

/** How many models are left to one pipeline and all that it leads to. */
export interface MemberBudget {
  left: number;
  /** Why the whole pipeline is refused. */
  exceeded: string | null;
}

export function createMemberBudget(): MemberBudget {
  return { left: MAX_MODELS, exceeded: null };
}

export interface MemberSearch {
  readonly modelsDir: string;
  /** The folders of the pipelines that lead here. The last one is this pipeline's own. */
  readonly chain: readonly string[];
  readonly budget: MemberBudget;
  load(dir: string): Promise<ModelFolder>;
}

/** In the order of the pipeline. Adds an issue for each that cannot be used, and for those that do not fit. */
export async function loadMembers(
  config: ModelConfig,
  { modelsDir, chain, budget, ...search }: MemberSearch,
  issues: Issue[],
): Promise<readonly ModelFolder[]> {
  const pipeline = config as PipelineConfig;
  const members: ModelFolder[] = [];
  const before = issues.length;

  /** Returns the problem with the model. */
  async function add(model: string): Promise<string | null> {
    const found = await findMember(modelsDir, model);
    if (typeof found !== 'string') return found.message;
    if (chain.includes(found))
      return `"${model}" leads back to "${config.name}": pipelines must not form a circle`;
    try {
      members.push(await search.load(found));
      return null;
    } catch (error) {
      if (!(error instanceof ForebayError)) throw error;
      return `"${model}" cannot be used: ${error.message}`;
    }
  }

  for (const { model, path } of namedModels(pipeline)) {
    spend(budget, chain.length);
    const problem = budget.exceeded ?? (await add(model));
    // In place of the issues of the pipelines below, which would repeat it at each level.
    if (budget.exceeded !== null) {
      issues.splice(before, issues.length, { path, message: budget.exceeded });
      return members;
    }
    if (problem !== null) issues.push({ path, message: problem });
  }
  if (issues.length === before) issues.push(...(await issuesTogether(pipeline, members)));
  return members;
}

function spend(budget: MemberBudget, depth: number): void {
  budget.left -= 1;
  if (depth > MAX_DEPTH) budget.exceeded ??= TOO_DEEP;
  if (budget.left < 0) budget.exceeded ??= TOO_MANY;
}

/** What does not fit together. */
export async function issuesTogether(
  pipeline: PipelineConfig,
  members: readonly KnownMember[],
): Promise<Issue[]> {
  const names = namedModels(pipeline);
  const issues = memberIssues(
    pipeline,
    members.map((one, i) => factsOf(names[i]!.model, one)),
  );
  if (issues.length > 0) return issues;
  const inClasses = classIssues(pipeline, await compareClasses(pipeline, members));
  if (inClasses.length > 0) return inClasses;
  const whole = withMembers(pipeline, members);
  const inChain = await checkChain(whole, members);
  if (inChain.length > 0) return inChain;
  const twice = sameColumns(resultSchemaOf(taskOf(whole), whole));
  return twice === null ? [] : [{ path: '', message: `the answers of its models do not fit: ${twice}` }];
}

function classIssues(pipeline: PipelineConfig, compared: readonly ComparedClasses[]): Issue[] {
  const names = namedModels(pipeline);
  return compared.flatMap(({ at, first, comparison }) =>
    comparison.is === 'different'
      ? [
          {
            path: names[at]!.path,
            message: namesDiffer(pipeline.ensemble!.combine, first, names[at]!.model, comparison.why),
          },
        ]
      : [],
  );
}

/** The config with everything that follows from its models. Its hash covers them. */
export function withMembers(config: ModelConfig, members: readonly KnownMember[]): PipelineConfig {
  const pipeline = config as PipelineConfig;
  const names = namedModels(pipeline);
  // Lanes are planned by the device of the pipeline, which is the device of its members.
  const onDevice = members.find((member) => deviceOf(member.config) !== null)?.config;
  return {
    ...pipeline,
    ...(onDevice && { execution_providers: onDevice.execution_providers, fallback: onDevice.fallback }),
    members: members.map((member, i) => ({
      model: names[i]!.model,
      hash: member.ref.hash,
      config: member.config,
    })),
  };
}

function factsOf(model: string, { config, outputs }: KnownMember): MemberFacts {
  const task = taskOf(config);
  return {
    model,
    task: config.task,
    input: rowKindOf(config),
    fields: Object.keys(resultSchemaOf(task, config).properties),
    classes: countClasses(config, outputs ?? []),
  };
}
