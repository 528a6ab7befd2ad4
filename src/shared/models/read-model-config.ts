/**
 * Checks a parsed `model.json` against the config's schema. Reports all problems at once, each with its JSON pointer and, for
 * unknown fields, the nearest valid name.
 */
import { z } from 'zod';
import { MODEL_CONFIG, type ModelConfig } from '../domain/model/model-config.ts';
import type { Issue } from '../errors.ts';
import { jsonPointer } from '../text/json-pointer.ts';
import { nearestName } from '../text/nearest-name.ts';

export type ModelConfigReading =
  | { readonly ok: true; readonly config: ModelConfig }
  | { readonly ok: false; readonly issues: readonly Issue[] };

export function readModelConfig(value: unknown): ModelConfigReading {
  const parsed = MODEL_CONFIG.safeParse(value);
  if (parsed.success) {
    const issues = contradictions(value as Partial<ModelConfig>);
    return issues.length > 0 ? { ok: false, issues } : { ok: true, config: parsed.data };
  }
  return { ok: false, issues: parsed.error.issues.flatMap(toIssues) };
}

/** Takes the file's own value, because the schema fills in `softmax`. */
function contradictions({ activation, softmax }: Partial<ModelConfig>): Issue[] {
  if (activation === undefined || softmax === undefined) return [];
  if ((activation === 'softmax') === softmax) return [];
  return [{ path: '/softmax', message: `contradicts activation "${activation}"; leave softmax out` }];
}

function toIssues(issue: z.core.$ZodIssue): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    const valid = keysAt(issue.path);
    return issue.keys.map((key) => ({
      path: jsonPointer([...issue.path, key]),
      message: unknownField(key, valid),
    }));
  }
  return [{ path: jsonPointer(issue.path), message: describe(issue) }];
}

function unknownField(key: string, valid: readonly string[]): string {
  const near = nearestName(key, valid);
  return near === null
    ? `unknown field; valid here: ${valid.join(', ')}`
    : `unknown field; did you mean "${near}"?`;
}

/** A union's own message is only "Invalid input". Its branches describe what would be valid. */
function describe(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') return issue.message.replace(/^Invalid input: /, '');
  const branches = issue.errors.flat().map((e) => describe(e).replace(/^expected /, ''));
  return `expected ${[...new Set(branches)].join(', or ')}`;
}

function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = MODEL_CONFIG;
  for (const key of path) schema = schema instanceof z.ZodObject ? unwrap(schema.shape[String(key)]) : null;
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodDefault || schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;
}
