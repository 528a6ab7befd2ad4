/**
 * Resolves imports of predictors. Their folder may lie anywhere, so nothing there leads to this package. Runs on a
 * thread of Node's own (see register-hook.ts), and uses only the standard library.
 */
import type { ResolveHook } from 'node:module';

const PREDICTOR = new URL('public.js', import.meta.url).href;
/** The query that marks a module of one loaded model. */
const LOAD = 'forebay-load';

export const resolve: ResolveHook = async (specifier, context, nextResolve) => {
  if (specifier === 'forebay/predictor') return { url: PREDICTOR, shortCircuit: true };
  const parent = context.parentURL;
  const load = parent === undefined ? null : marked(parent);
  try {
    const found = await nextResolve(specifier, context);
    // In a folder without package.json, Node would guess this format, too, but with a warning.
    if (marked(found.url) !== null) return { ...found, format: found.format ?? 'module' };
    return load !== null && isOwn(found.url, specifier) ? { ...found, url: mark(found.url, load) } : found;
  } catch (error) {
    // A predictor brings its own zod, or gets the one of this package.
    if (specifier !== 'zod') throw error;
    return nextResolve(specifier, { ...context, parentURL: import.meta.url });
  }
};

/**
 * Node keeps modules for ever, and finds them by their URL. Each load of a model gets modules of its own, so that a
 * changed file counts and two loads share no state. Packages are shared.
 */
function isOwn(url: string, specifier: string): boolean {
  return url.startsWith('file:') && /^(\.{0,2}\/|file:)/.test(specifier) && !url.endsWith('.json');
}

function marked(url: string): string | null {
  return url.startsWith('file:') ? new URL(url).searchParams.get(LOAD) : null;
}

export function mark(url: string, load: string): string {
  const one = new URL(url);
  one.searchParams.set(LOAD, load);
  return one.href;
}
