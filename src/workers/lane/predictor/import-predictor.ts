/** Imports a module that users have written, and checks its shape. */
import { basename } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { Hooks } from '../../../predictor/define-hooks.ts';
import type { Predictor } from '../../../predictor/define-predictor.ts';
import { mark } from '../../../predictor/import-hook.ts';
import { reportReplaced } from './built-ins.ts';
import type { GuardedCode } from './stray-errors.ts';

/** What the default export must be. */
interface Shape {
  readonly functions: readonly string[];
  /** One of these functions must be there. */
  readonly needed: readonly string[];
  readonly example: string;
}

const PREDICTOR: Shape = {
  functions: ['load', 'predict', 'unload'],
  needed: ['predict'],
  example: 'export default definePredictor({ async predict(rows, ctx) { ... } })',
};

const HOOKS: Shape = {
  functions: ['before', 'after'],
  needed: ['before', 'after'],
  example: 'export default defineHooks({ after(results, rows, ctx) { ... } })',
};

/** Throws ForebayError `model_load_failed`. */
export async function importPredictor(path: string, guard: GuardedCode): Promise<Predictor> {
  return (await importDefault(path, PREDICTOR, guard)) as Predictor;
}

/** Throws ForebayError `model_load_failed`. */
export async function importHooks(path: string, guard: GuardedCode): Promise<Hooks> {
  return (await importDefault(path, HOOKS, guard)) as Hooks;
}

let loads = 0;

async function importDefault(path: string, shape: Shape, guard: GuardedCode): Promise<unknown> {
  // Registered only here, because the hook costs a thread.
  await import('../../../predictor/register-hook.ts');
  const file = basename(path);
  let module: { readonly default?: unknown };
  try {
    const url = mark(pathToFileURL(path).href, String((loads += 1)));
    module = await guard.run(async () => (await import(url)) as typeof module);
  } catch (cause) {
    throw new ForebayError('model_load_failed', `${file} cannot be imported: ${whyNot(cause, file)}`, {
      cause,
    });
  } finally {
    reportReplaced(file);
  }
  const found = module.default;
  const wrong = whyWrong(found, shape);
  if (wrong === null) return found;
  throw new ForebayError('model_load_failed', `${file} ${wrong}; write: ${shape.example}`);
}

/** Node does not say where a syntax error is, but another command does. */
function whyNot(cause: unknown, file: string): string {
  const message = messageOf(cause).replaceAll(/\s+/g, ' ');
  if (cause instanceof SyntaxError) return `${message}; find the line with: node --check FILE`;
  return isCommonJs(cause, message, file) ? `${COMMON_JS} (${message})` : message;
}

const COMMON_JS =
  'it is a CommonJS module. Write or compile it as an ES module: for TypeScript, with "module": "nodenext" in tsconfig.json and "type": "module" in package.json';

/** What tsc writes unless it is told otherwise. */
function isCommonJs(cause: unknown, message: string, file: string): boolean {
  if (/^(?:exports|module|require) is not defined in ES module scope/.test(message)) return true;
  // A package.json makes it one, so that Node looks for packages without the hook.
  const { requireStack } = (cause ?? {}) as { readonly requireStack?: readonly string[] };
  return requireStack?.[0] !== undefined && basename(requireStack[0]) === file;
}

const SCHEMAS = ['options', 'result'] as const;

function whyWrong(value: unknown, { functions, needed }: Shape): string | null {
  if (value === undefined) return 'has no default export';
  if (typeof value !== 'object' || value === null) return `has a default export that is no object`;
  const members = value as Readonly<Record<string, unknown>>;
  if (needed.every((name) => members[name] === undefined))
    return `has no function ${needed.map((name) => `"${name}"`).join(' or ')}`;
  for (const name of functions) {
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
