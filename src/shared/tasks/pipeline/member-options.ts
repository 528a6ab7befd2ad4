/** Which of a chain's models takes which option of a job. */
import type { ModelConfig } from '../../domain/model/model-config.ts';
import { resultSchemaOf } from '../result-schema.ts';
import type { TaskDescription } from '../task-description.ts';
import type { TaskOptionName } from '../task-options.ts';
import { SCORED_FIELD } from './chain-config.ts';

/** Options about the number of answers. A job means classes, and not the boxes that are cut out for them. */
const OF_CLASSES: readonly TaskOptionName[] = ['top_k', 'threshold'];

interface Member {
  readonly task: TaskDescription;
  readonly config: ModelConfig;
}

/**
 * Models that answer classes take such an option. If there are none, the last model that has the option takes it. All
 * models take the other options that they have.
 */
export function takesOption(members: readonly Member[], at: number, option: TaskOptionName): boolean {
  const has = ({ task }: Member) => task.options.includes(option);
  if (!has(members[at]!) || !OF_CLASSES.includes(option)) return has(members[at]!);
  const ranks = ({ task, config }: Member) => SCORED_FIELD in resultSchemaOf(task, config).properties;
  const classifies = (member: Member) => has(member) && ranks(member);
  return members.some(classifies) ? classifies(members[at]!) : members.findLastIndex(has) === at;
}
