/** The schemas of `model.json`, one per task. */
import { z } from 'zod';
import { COMMON_CONFIG_SHAPE, type ModelConfig } from '../domain/model/model-config.ts';
import type { TaskDescription } from './task-description.ts';

const schemas = new Map<string, z.ZodObject>();

/** The fields that every model has, and those of its task. An unknown field is an error. */
export function configSchema({ id, config }: TaskDescription): z.ZodObject {
  const known = schemas.get(id);
  if (known !== undefined) return known;
  const { name, ...common } = COMMON_CONFIG_SHAPE;
  const schema = z.strictObject({ name, task: z.literal(id), ...config, ...common });
  schemas.set(id, schema);
  return schema;
}

/** Gives a config that has been checked the type of its task. Throws only if the config was not checked. */
export function configOf<Config extends ModelConfig>(
  task: TaskDescription<Config>,
  config: ModelConfig,
): Config {
  return configSchema(task as unknown as TaskDescription).parse(config) as unknown as Config;
}
