/** What every command gets: the world outside, passed in. */
import type { Client } from '../client/client.ts';
import type { Terminal } from './terminal.ts';

export interface CliContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute; where relative paths of the command line start. */
  readonly cwd: string;
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  /** How the user called the program: `forebay`, `npx forebay`. */
  readonly program: string;
  /** For `connectTo` and own services alone. `apiKey` is no option, so that no command forgets it. */
  readonly connect: (url: string, apiKey: string | undefined) => Client;
  /** Records the exit code of a command that ended without an exception. */
  readonly exitWith: (code: number) => void;
}
