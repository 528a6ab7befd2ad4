/** Command lines as text that can be pasted into a shell. Pure. */

export function shellLine(words: readonly string[]): string {
  return words.map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The same command with --resume: what an interrupted run asks its user to type. */
export function resumeLine(program: string, argv: readonly string[]): string {
  const words = argv.filter((word) => word !== '--overwrite' && word !== '--resume');
  return `${program} ${shellLine([...words, '--resume'])}`;
}

/** The command that runs what `forebay plan` has planned: `run`, or `submit` where a service was asked. */
export function nextLine(
  { program, argv }: { program: string; argv: readonly string[] },
  { url, output }: { url?: string; output?: string },
): string {
  const rest = argv.toSpliced(argv.indexOf('plan'), 1).filter((word) => word !== '--json');
  const verb = url === undefined ? 'run' : 'submit';
  const results = url === undefined && output === undefined ? ['--output', 'results'] : [];
  return `${program} ${shellLine([verb, ...rest, ...results])}`;
}

/** How the user called us, as far as can be told from what npm and node leave behind. */
export function programName(env: NodeJS.ProcessEnv, script: string | undefined): string {
  if (env['npm_command'] === 'exec') return 'npx forebay';
  const path = script ?? 'forebay';
  return path.endsWith('.js') ? `node ${quote(path)}` : 'forebay';
}
