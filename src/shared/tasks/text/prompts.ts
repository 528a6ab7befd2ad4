/** Texts that some embedding models expect before each text, such as "query: ". */
import { z } from 'zod';
import { MAX_NAME } from '../../domain/option.ts';
import type { Issue } from '../../errors.ts';
import { nearestName } from '../../text/nearest-name.ts';

/** The fields of model.json. */
export const PROMPT_SHAPE = {
  /** The prompts by name, exactly as they go before a text. */
  prompts: z.record(z.string().min(1).max(MAX_NAME), z.string().max(10_000)).optional(),
  /** The name of the prompt that applies if a job does not choose one. Absent: none. */
  prompt: z.string().min(1).max(MAX_NAME).optional(),
};

export type PromptConfig = z.infer<z.ZodObject<typeof PROMPT_SHAPE>>;

/** The text of a prompt. Null if the model has none of this name. */
export function promptNamed({ prompts = {} }: PromptConfig, name: string): string | null {
  return Object.hasOwn(prompts, name) ? prompts[name]! : null;
}

/** Says that the model has no such prompt. Null if it has, or if none is chosen. */
export function whyNoPrompt(config: PromptConfig, name: string | null | undefined): string | null {
  if (name === null || name === undefined || promptNamed(config, name) !== null) return null;
  const names = Object.keys(config.prompts ?? {});
  if (names.length === 0) return `there is no prompt "${name}": the model has no prompts`;
  const near = nearestName(name, names);
  const hint = near === null ? '' : `; did you mean "${near}"?`;
  return `there is no prompt "${name}"; the model has ${names.join(', ')}${hint}`;
}

/** `raw`: the file as it was written. */
export function promptContradictions(raw: Readonly<Record<string, unknown>>): Issue[] {
  const message = whyNoPrompt(raw as PromptConfig, raw['prompt'] as string | undefined);
  return message === null ? [] : [{ path: '/prompt', message }];
}
