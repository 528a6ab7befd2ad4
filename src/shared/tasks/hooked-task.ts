/** What changes about a task if code of users runs before or after its graph. */
import { HOOK_FILES } from '../domain/model/hooks-config.ts';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { TaskDescription } from './task-description.ts';

const known = new WeakMap<ModelConfig, TaskDescription>();

/** `config`: has hooks. `task`: the task of its graph. */
export function hookedTask(config: ModelConfig, task: TaskDescription): TaskDescription {
  const before = known.get(config);
  if (before !== undefined) return before;
  const { file, result } = config.hooks!;
  const made: TaskDescription = {
    ...task,
    ...(result && { resultSchemaOf: () => result }),
    // Code may make the fields that the graph needs out of any others.
    fields: (own, inputs) => ({ ...task.fields(own, inputs), names: null, needed: [] }),
    steps(own, options) {
      const { prepare, answer } = task.steps(own, options);
      return {
        prepare,
        answer: `${answer}, with the code in ${file ?? HOOK_FILES[0]} before and after the graph`,
      };
    },
  };
  known.set(config, made);
  return made;
}
