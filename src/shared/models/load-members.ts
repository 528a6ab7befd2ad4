/** Reads the models of a pipeline, and checks that they fit together. */
import { createHash } from 'node:crypto';
import { deviceOf } from '../domain/model/device.ts';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { ForebayError, type Issue } from '../errors.ts';
import { namedModels, type PipelineConfig } from '../tasks/pipeline/pipeline-config.ts';
import { memberIssues, type MemberFacts } from '../tasks/pipeline/pipeline-issues.ts';
import { resultSchemaOf } from '../tasks/result-schema.ts';
import { rowKindOf, taskOf } from '../tasks/task-descriptions.ts';
import type { ModelFolder } from './model-folder.ts';
import { findMember } from './pipeline-members.ts';

export interface MemberSearch {
  readonly modelsDir: string;
  /** The folders of the pipelines that lead here. The last one is this pipeline's own. */
  readonly chain: readonly string[];
  load(dir: string): Promise<ModelFolder>;
}

/** In the order of the pipeline. Adds an issue for each that cannot be used, and for those that do not fit. */
export async function loadMembers(
  config: ModelConfig,
  { modelsDir, chain, ...search }: MemberSearch,
  issues: Issue[],
): Promise<readonly ModelFolder[]> {
  const pipeline = config as PipelineConfig;
  const members: ModelFolder[] = [];
  const before = issues.length;
  for (const { model, path } of namedModels(pipeline)) {
    const found = await findMember(modelsDir, model);
    if (typeof found !== 'string') {
      issues.push({ path, ...found });
    } else if (chain.includes(found)) {
      issues.push({
        path,
        message: `"${model}" leads back to "${config.name}": pipelines must not form a circle`,
      });
    } else {
      try {
        members.push(await search.load(found));
      } catch (error) {
        if (!(error instanceof ForebayError)) throw error;
        issues.push({ path, message: `"${model}" cannot be used: ${error.message}` });
      }
    }
  }
  if (issues.length === before)
    issues.push(
      ...memberIssues(
        pipeline,
        members.map((one, i) => factsOf(namedModels(pipeline)[i]!.model, one)),
      ),
    );
  return members;
}

/** The config with everything that follows from its models. Its hash covers them. */
export function withMembers(config: ModelConfig, members: readonly ModelFolder[]): PipelineConfig {
  const pipeline = config as PipelineConfig;
  const names = namedModels(pipeline);
  // Lanes are planned by the device of the pipeline, which is that of its members.
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

function factsOf(model: string, { config, named }: ModelFolder): MemberFacts {
  const task = taskOf(config);
  const classes = (config as { readonly classes?: unknown }).classes;
  return {
    model,
    task: config.task,
    input: rowKindOf(config),
    fields: Object.keys(resultSchemaOf(task, config).properties),
    labels:
      named.find(({ field }) => field === 'labels')?.sha256 ??
      (classes === undefined ? null : createHash('sha256').update(JSON.stringify(classes)).digest('hex')),
  };
}
