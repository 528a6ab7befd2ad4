/** The JSON Schema of a model's results. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { TaskDescription } from './task-description.ts';

export interface ResultFields {
  readonly properties: Readonly<Record<string, unknown>>;
  readonly required: readonly string[];
}

/** `config`: null if nobody knows it. */
export function resultSchemaOf(task: TaskDescription, config: ModelConfig | null): ResultFields {
  const given = config === null ? null : task.resultSchemaOf?.(config);
  const shape = (config === null ? null : task.resultOf?.(config)) ?? task.result;
  const { properties = {}, required = [] } = (given ??
    z.toJSONSchema(z.object(shape))) as z.core.JSONSchema.BaseSchema;
  return { properties, required };
}
