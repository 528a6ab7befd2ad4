/** Checks of a chain that need the whole answers of its models, or their files. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { Issue } from '../errors.ts';
import { classesInConfig } from '../tasks/pipeline/class-names.ts';
import { chainSteps } from '../tasks/pipeline/chain-config.ts';
import { pathOf } from '../tasks/pipeline/chain-issues.ts';
import { chainResult } from '../tasks/pipeline/chain-result.ts';
import type { PipelineConfig } from '../tasks/pipeline/pipeline-config.ts';
import { resultSchemaOf, type ResultFields } from '../tasks/result-schema.ts';
import { taskOf } from '../tasks/task-descriptions.ts';
import { nearestName } from '../text/nearest-name.ts';
import { labelNames } from './class-names-of.ts';
import type { NamedModelFile } from './named-files.ts';

/** What is known of a model's files. Empty: nothing. */
interface MemberFiles {
  readonly named: readonly NamedModelFile[];
}

/** `pipeline`: with its models, whose tasks fit. */
export async function checkChain(
  pipeline: PipelineConfig,
  members: readonly MemberFiles[],
): Promise<Issue[]> {
  if (pipeline.chain === undefined) return [];
  const answers = pipeline.members.map(({ config }) => resultSchemaOf(taskOf(config), config));
  return [...clashesOf(pipeline, answers), ...(await unknownLabels(pipeline, answers, members))];
}

/** Fields that two models answer at the same place. */
function clashesOf({ chain }: PipelineConfig, answers: readonly ResultFields[]): Issue[] {
  return chainResult(chain!, answers, false).clashes.map(({ field, first, second, step }) => ({
    path: pathOf(step, 'model'),
    message: `"${first}" and "${second}" both answer "${field}"; give the answer of one a field of its own, such as "as": "second"`,
  }));
}

/** Null: nobody knows the names. Empty: the model answers only numbers of classes. */
async function namesOf(config: ModelConfig, files: MemberFiles): Promise<readonly string[] | null> {
  const names = (await labelNames(files)) ?? classesInConfig(config);
  if (names !== null) return names;
  const { config: fields, input } = taskOf(config);
  const { labels } = config as { readonly labels?: unknown };
  // Graphs of tables may have names of their own, and so may code.
  const isNameless = 'labels' in fields && labels === undefined && input !== 'features';
  return isNameless && config.hooks === undefined ? [] : null;
}

/** Labels that the chain asks for and that the model does not have. */
async function unknownLabels(
  pipeline: PipelineConfig,
  answers: readonly ResultFields[],
  members: readonly MemberFiles[],
): Promise<Issue[]> {
  const steps = chainSteps(pipeline.chain!, (at) => Object.keys(answers[at]!.properties));
  const issues: Issue[] = [];
  for (const [at, { when }] of steps.entries()) {
    const deciding = when?.label === undefined ? null : pipeline.members[when.of]!.config;
    const names = deciding === null ? null : await namesOf(deciding, members[when!.of]!);
    for (const [i, label] of (when?.label ?? []).entries()) {
      if (names === null || typeof label === 'number' || names.includes(label)) continue;
      const near = nearestName(label, names);
      const other =
        names.length === 0
          ? 'it has no labels, so give the number of the class'
          : 'its classes have other names';
      const hint = near === null ? other : `did you mean "${near}"?`;
      issues.push({
        path: `${pathOf(at, 'when/label')}/${i}`,
        message: `"${label}" is no label of "${steps[when!.of]!.model}"; ${hint}`,
      });
    }
  }
  return issues;
}
