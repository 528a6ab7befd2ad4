/** The columns of a model's results. They follow from the result schema of its task, so a new task needs no code here. */
import type { ResultColumn } from '../../domain/job/part-format.ts';
import type { ModelConfig } from '../../domain/model/model-config.ts';
import { columnsOfFields } from '../../tasks/result-columns.ts';
import { resultSchemaOf } from '../../tasks/result-schema.ts';
import { taskOf } from '../../tasks/task-descriptions.ts';

/** `config`: null if nobody knows it. */
export function columnsOf(config: ModelConfig | null): ResultColumn[] {
  return columnsOfFields(resultSchemaOf(taskOf(config), config));
}
