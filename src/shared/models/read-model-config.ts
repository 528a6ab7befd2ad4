/**
 * Checks a parsed `model.json` against the schema of its task. Reports all problems at once, each with its JSON
 * pointer. For an unknown field, it names the nearest valid one, or else all valid ones. If the file fits the schema,
 * it reports fields that contradict each other.
 */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { MODEL_KINDS } from '../domain/model/model-kind.ts';
import type { Issue } from '../errors.ts';
import { declaredResultIssues } from '../tasks/declared-result.ts';
import { configSchema } from '../tasks/model-config-schema.ts';
import type { TaskDescription } from '../tasks/task-description.ts';
import { KIND_TASKS, taskNamed, TASKS } from '../tasks/task-descriptions.ts';
import { jsonPointer } from '../text/json-pointer.ts';
import { nearestName } from '../text/nearest-name.ts';

export type ModelConfigReading =
  | { readonly ok: true; readonly config: ModelConfig }
  | { readonly ok: false; readonly issues: readonly Issue[] };

export function readModelConfig(value: unknown): ModelConfigReading {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return {
      ok: false,
      issues: [
        { path: '', message: 'model.json must be a JSON object, such as {"name": "m", "task": "tensors"}' },
      ],
    };
  }
  const raw = value as Readonly<Record<string, unknown>>;
  const { kind = 'onnx', ...rest } = raw;
  if (kind === 'onnx') return readConfigOf(taskIn(raw), rest);
  const task = typeof kind === 'string' ? KIND_TASKS.get(kind) : undefined;
  if (task === undefined) return { ok: false, issues: [noKind(kind)] };
  if (raw['task'] === undefined || raw['task'] === task.id)
    return readConfigOf(task, { ...raw, task: task.id });
  const message = `has no use, because a ${task.id} defines its answers itself; leave it out`;
  return { ok: false, issues: [{ path: '/task', message }] };
}

function taskIn({ task }: Readonly<Record<string, unknown>>): TaskDescription | Issue {
  return (typeof task === 'string' ? taskNamed(task) : null) ?? noTask(task);
}

function readConfigOf(
  task: TaskDescription | Issue,
  raw: Readonly<Record<string, unknown>>,
): ModelConfigReading {
  if ('message' in task) return { ok: false, issues: [task] };
  const schema = configSchema(task);
  const parsed = schema.safeParse(raw);
  if (!parsed.success)
    return { ok: false, issues: parsed.error.issues.flatMap((issue) => toIssues(issue, schema)) };
  const config = parsed.data as unknown as ModelConfig;
  const issues = [...(task.contradictions?.(raw) ?? []), ...hookIssues(config)];
  return issues.length > 0 ? { ok: false, issues } : { ok: true, config };
}

function hookIssues({ kind, hooks }: ModelConfig): Issue[] {
  if (hooks === undefined) return [];
  if (kind !== undefined)
    return [{ path: '/hooks', message: `has no use, because only graphs have hooks, and this is a ${kind}` }];
  return declaredResultIssues(hooks.result, '/hooks/result');
}

function noKind(given: unknown): Issue {
  const near = typeof given === 'string' ? nearestName(given, MODEL_KINDS) : null;
  const known = `the kinds are ${MODEL_KINDS.join(', ')}`;
  const hint = near === null ? known : `did you mean "${near}"? ${known}`;
  return { path: '/kind', message: `there is no kind ${JSON.stringify(given)}; ${hint}` };
}

function noTask(given: unknown): Issue {
  const ids = TASKS.map(({ id }) => id);
  const known = `the tasks are ${ids.join(', ')}`;
  if (given === undefined) return { path: '/task', message: `is missing; ${known}` };
  const near = typeof given === 'string' ? nearestName(given, ids) : null;
  const hint = near === null ? known : `did you mean "${near}"? ${known}`;
  return { path: '/task', message: `there is no task ${JSON.stringify(given)}; ${hint}` };
}

function toIssues(issue: z.core.$ZodIssue, schema: z.ZodObject): Issue[] {
  if (issue.code === 'unrecognized_keys') {
    const valid = keysAt(schema, issue.path);
    return issue.keys.map((key) => ({
      path: jsonPointer([...issue.path, key]),
      message: unknownField(key, valid),
    }));
  }
  const intended = issue.code === 'invalid_union' ? intendedBranch(issue) : null;
  if (intended !== null) {
    return intended.flatMap((inner) =>
      toIssues({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue, schema),
    );
  }
  return [{ path: jsonPointer(issue.path), message: describe(issue) }];
}

/** The issues of the only branch of a union that has the type of the value. Null if several have, or none. */
function intendedBranch({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | null {
  const inside = errors.filter((issues) =>
    issues.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return inside.length === 1 ? inside[0]! : null;
}

function unknownField(key: string, valid: readonly string[]): string {
  const near = nearestName(key, valid);
  return near === null
    ? `unknown field; valid here: ${valid.join(', ')}`
    : `unknown field; did you mean "${near}"?`;
}

/** A union's own message is only "Invalid input". Its branches describe what would be valid. */
function describe(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_union') {
    const message = issue.message.replace(/^Invalid (input|option): /, '');
    return message.replace(/^expected (.*), received undefined$/, `${ABSENT}expected $1`);
  }
  const branches = issue.errors.flat().map(describe);
  const isAbsent = branches.every((branch) => branch.startsWith(ABSENT));
  const expected = branches.map((branch) => branch.replace(/^(is missing: )?expected /, ''));
  return `${isAbsent ? ABSENT : ''}expected ${[...new Set(expected)].join(', or ')}`;
}

const ABSENT = 'is missing: ';

function keysAt(root: z.ZodObject, path: readonly PropertyKey[]): string[] {
  let schema: unknown = root;
  for (const key of path) schema = unwrap(partOf(schema, key));
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function partOf(schema: unknown, key: PropertyKey): unknown {
  if (schema instanceof z.ZodObject) return schema.shape[String(key)];
  if (schema instanceof z.ZodRecord) return schema.valueType;
  return schema instanceof z.ZodArray ? schema.element : null;
}

function unwrap(schema: unknown): unknown {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return unwrap(schema.unwrap());
  // Of the branches of a union, only an object has fields.
  if (schema instanceof z.ZodUnion)
    return schema.options.map(unwrap).find((branch) => branch instanceof z.ZodObject) ?? schema;
  return schema instanceof z.ZodPipe ? unwrap(schema.out) : schema;
}
