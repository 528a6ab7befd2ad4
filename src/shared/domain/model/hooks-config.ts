/** User code around a graph, and what model.json declares about its answers. */
import { z } from 'zod';

/** Names of the module beside the graph, in order of preference. */
export const HOOK_FILES = ['hooks.js', 'hooks.mjs'] as const;

/** JSON Schema of an answer. Its properties become fields of the result row, and columns of tables. */
export const DECLARED_RESULT = z.looseObject({
  type: z.literal('object'),
  properties: z.record(z.string().min(1), z.looseObject({})),
  required: z.array(z.string()).optional(),
});

/** A JSON Schema of the answers to rows. Its properties are the fields of a result row. */
export type DeclaredResult = Readonly<Record<string, unknown>> & {
  readonly properties: Readonly<Record<string, unknown>>;
};

export const HOOKS = z.strictObject({
  /** Set when the folder is read. */
  file: z.enum(HOOK_FILES).optional(),
  /** Values for the module. Its own schema checks them when a lane loads it. */
  options: z.record(z.string(), z.unknown()).optional(),
  /** The whole answer of a row, if `after` changes its fields. Absent: the answer has the fields of the task. */
  result: DECLARED_RESULT.optional(),
});
