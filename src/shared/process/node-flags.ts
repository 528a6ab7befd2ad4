/** Of Node, for the processes that Forebay starts. */

/**
 * V8 lets the young part of a heap grow to three times 16 MB and keeps it. A quarter of that costs no CPU (digits, `fast`:
 * API 0.019, worker 0.037, lanes 0.148 ms a row either way; with 1 MB 8 % more) and saves 60 MB over all processes.
 */
export const NODE_FLAGS = ['--max-semi-space-size=4'];

/**
 * What of the user's NODE_OPTIONS holds for children that only compute: limits of memory and the like. Preloads
 * (`--require`, `--import`), debuggers and proxies stay out: they open sockets and handles, print, and run in every thread.
 */
const INHERITED = new Set([
  '--max-old-space-size',
  '--max-old-space-size-percentage',
  '--max-heap-size',
  '--huge-max-old-generation-size',
  '--stack-trace-limit',
  '--disable-wasm-trap-handler',
  '--jitless',
  '--abort-on-uncaught-exception',
]);
const WITHOUT_VALUE = new Set([
  '--huge-max-old-generation-size',
  '--disable-wasm-trap-handler',
  '--jitless',
  '--abort-on-uncaught-exception',
]);

/** NODE_OPTIONS with the flags above only; empty where none is left. */
export function nodeFlagsForChildren(nodeOptions: string | undefined): string {
  const words = splitWords(nodeOptions ?? '');
  const kept: string[] = [];
  for (const [i, word] of words.entries()) {
    const [flag = ''] = word.split('=', 1);
    const name = flag.replaceAll('_', '-');
    if (!INHERITED.has(name)) continue;
    const value = words[i + 1];
    const takesNext = flag === word && !WITHOUT_VALUE.has(name);
    if (!takesNext) kept.push(word);
    else if (value !== undefined && /^\d+$/.test(value)) kept.push(`${flag}=${value}`);
  }
  return kept.join(' ');
}

/** As Node splits NODE_OPTIONS: at spaces, but for those within double quotes; a backslash there takes the next character. */
function splitWords(text: string): string[] {
  return (text.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g) ?? []).map((word) =>
    word.replaceAll(/\\(.)|"/g, (_, escaped: string | undefined) => escaped ?? ''),
  );
}
