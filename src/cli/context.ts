/** The environment of a command: terminal, variables, working folder, arguments and the service. */
import type { Client } from '../client/client.ts';
import type { Terminal } from './terminal.ts';

export interface CliContext {
  readonly terminal: Terminal;
  readonly env: NodeJS.ProcessEnv;
  /** Absolute. Relative paths of the command line start here. */
  readonly cwd: string;
  /** The arguments after the program's name. */
  readonly argv: readonly string[];
  /** How the user called the program, such as `forebay` or `npx forebay`. */
  readonly program: string;
  /** Called only by `connectTo` and for temporary services. `apiKey` is not optional, so that no command forgets it. */
  readonly connect: (url: string, apiKey: string | undefined) => Client;
  /** Sets the exit code of a command that ended without an exception. */
  readonly exitWith: (code: number) => void;
}
