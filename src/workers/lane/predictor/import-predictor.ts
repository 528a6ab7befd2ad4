/** Imports the module of a predictor, and checks its shape. */
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { Predictor } from '../../../predictor/define-predictor.ts';
import { mark } from '../../../predictor/import-hook.ts';

let loads = 0;

/** Throws ForebayError `model_load_failed`. */
export async function importPredictor(path: string): Promise<Predictor> {
  // Registered only here, because the hook costs a thread.
  await import('../../../predictor/register-hook.ts');
  const file = basename(path);
  let module: { readonly default?: unknown };
  try {
    module = (await import(mark(pathToFileURL(path).href, String((loads += 1))))) as typeof module;
  } catch (cause) {
    throw new ForebayError('model_load_failed', `${file} cannot be imported: ${whyNot(cause)}`, { cause });
  }
  const found = module.default;
  const wrong = whyNoPredictor(found);
  if (wrong === null) return found as Predictor;
  throw new ForebayError(
    'model_load_failed',
    `${file} ${wrong}; write: export default definePredictor({ async predict(rows, ctx) { ... } })`,
  );
}

/** Node does not say where a syntax error is, but another command does. */
function whyNot(cause: unknown): string {
  const message = messageOf(cause).replaceAll(/\s+/g, ' ');
  return cause instanceof SyntaxError ? `${message}; find the line with: node --check FILE` : message;
}

const FUNCTIONS = ['load', 'predict', 'unload'] as const;
const SCHEMAS = ['options', 'result'] as const;

function whyNoPredictor(value: unknown): string | null {
  if (value === undefined) return 'has no default export';
  if (typeof value !== 'object' || value === null) return `has a default export that is no object`;
  const members = value as Readonly<Record<string, unknown>>;
  if (members['predict'] === undefined) return 'has no function "predict"';
  for (const name of FUNCTIONS) {
    if (members[name] !== undefined && typeof members[name] !== 'function')
      return `has a "${name}" that is no function`;
  }
  for (const name of SCHEMAS) {
    const schema = members[name] as { readonly safeParse?: unknown } | null | undefined;
    if (schema !== undefined && typeof schema?.safeParse !== 'function')
      return `has "${name}" that is no schema of zod`;
  }
  return null;
}
