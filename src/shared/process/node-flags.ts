/** Which of the user's flags of Node reach the processes that Forebay starts. */

/**
 * Flags of the user's NODE_OPTIONS that compute-only children inherit, such as memory limits. They do not inherit preloads
 * (`--require`, `--import`), debuggers and proxies, because these open sockets, print, and run in every thread.
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

/** Returns NODE_OPTIONS reduced to the flags above. */
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

/** Splits at spaces outside double quotes, as Node does. Inside quotes, a backslash escapes the next character. */
function splitWords(text: string): string[] {
  return (text.match(/(?:"(?:\\.|[^"\\])*"?|[^\s"])+/g) ?? []).map((word) =>
    word.replaceAll(/\\(.)|"/g, (_, escaped: string | undefined) => escaped ?? ''),
  );
}
