/** Command lines that the CLI suggests. Pure. */
import { shellLine, shellWord } from '../shared/text/shell-line.ts';

/** The same command with --resume, for a run that did not finish. */
export function resumeLine(program: string, argv: readonly string[]): string {
  const words = argv.filter((word) => word !== '--overwrite' && word !== '--resume');
  return `${program} ${shellLine([...words, '--resume'])}`;
}

/** The flags of a command line that select the service. A suggested command needs them too. */
export function serviceWords(argv: readonly string[]): string[] {
  return argv.flatMap((word, i) => {
    if (/^--(url|api-key-file)=/.test(word)) return [word];
    const value = argv[i + 1];
    return (word === '--url' || word === '--api-key-file') && value !== undefined ? [word, value] : [];
  });
}

/** The same `forebay jobs` command for the next page. */
export function nextPage(argv: readonly string[], cursor: string): string[] {
  const at = argv.indexOf('--cursor');
  const first = argv.filter(
    (word, i) => !word.startsWith('--cursor=') && (at === -1 || (i !== at && i !== at + 1)),
  );
  return [...first, '--cursor', cursor];
}

/**
 * The command that runs what `forebay plan` planned: `run`, or `submit` for a running service. `run` needs an output, so
 * without one it gets `newOutput`.
 */
export function nextLine(
  { program, argv }: { program: string; argv: readonly string[] },
  { url, output, newOutput }: { url?: string; output?: string; newOutput: string },
): string {
  const rest = argv.toSpliced(argv.indexOf('plan'), 1).filter((word) => word !== '--json');
  const verb = url === undefined ? 'run' : 'submit';
  const results = url === undefined && output === undefined ? ['--output', newOutput] : [];
  return `${program} ${shellLine([verb, ...rest, ...results])}`;
}

/** How the user called the program, as far as npm and Node reveal it. */
export function programName(env: NodeJS.ProcessEnv, script: string | undefined): string {
  if (env['npm_command'] === 'exec') return 'npx forebay';
  const path = script ?? 'forebay';
  return path.endsWith('.js') ? `node ${shellWord(path)}` : 'forebay';
}
