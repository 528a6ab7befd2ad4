/** The command line as a whole: every command, its help, and how mistakes are told. */
import { Command, CommanderError } from 'commander';
import { messageOf } from '../shared/errors.ts';
import { redactCredentials } from '../shared/redact-url.ts';
import { addApi } from './commands/api.ts';
import { addControl } from './commands/control.ts';
import { addDoctor } from './commands/doctor.ts';
import { addJob } from './commands/job.ts';
import { addJobs } from './commands/jobs.ts';
import { addKeys } from './commands/keys.ts';
import { addModel } from './commands/model.ts';
import { addModels } from './commands/models.ts';
import { addPlan } from './commands/plan.ts';
import { addRetry } from './commands/retry.ts';
import { addResults } from './commands/results.ts';
import { addRun } from './commands/run.ts';
import { addSubmit } from './commands/submit.ts';
import { addTune } from './commands/tune.ts';
import { addUp } from './commands/up.ts';
import { addWorker } from './commands/worker.ts';
import type { CliContext } from './context.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

const EXAMPLES = `
Examples:
  forebay run --model models/digits-small --input photos --output results
  forebay plan --model models/digits-small --input photos
  forebay tune --model models/digits-small --input photos
  forebay up --models models
  forebay submit --model digits-small --input photos --watch
  forebay doctor

Exit codes: 0 done, 1 failed, 2 bad usage, 130 stopped by Ctrl-C.`;

/** The exit code, or null where the process goes on as an API or worker. Never throws. */
export async function runProgram(
  context: Omit<CliContext, 'exitWith'>,
  version: string,
): Promise<number | null> {
  let code: number | null = null;
  const program = createProgram({ ...context, exitWith: (given) => (code = given) }, version);
  try {
    if (context.argv.length === 0) {
      program.outputHelp();
      return EXIT.ok;
    }
    await program.parseAsync([...context.argv], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help and version end by an exception, too; what is wrong has been told by outputError.
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    context.terminal.err(`forebay: ${redactCredentials(messageOf(error))}\n`);
    return exitCodeOf(error);
  }
}

export function createProgram(context: CliContext, version: string): Command {
  const program = new Command('forebay')
    .description("Batch inference: a dataset and an ONNX model in, every row's answer out, once.")
    .version(version, '--version')
    .helpOption('--help', 'show help')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES);
  const add = [
    addRun,
    addPlan,
    addUp,
    addSubmit,
    addJobs,
    addJob,
    addResults,
    addControl,
    addRetry,
    addModels,
    addModel,
    addTune,
    addKeys,
    addDoctor,
    addApi,
    addWorker,
  ];
  for (const addCommand of add) addCommand(program, context);
  settle(program, context.terminal);
  return program;
}

/** Commands inherit no settings that are made after them, so each is visited. */
function settle(command: Command, terminal: Terminal): void {
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(usageSentence(text, pathOf(command))),
    });
  for (const child of command.commands) settle(child, terminal);
}

/** commander's message, its suggestion on the same line, and where to read on. */
export function usageSentence(text: string, path: string): string {
  const [what = '', ...rest] = redactCredentials(text)
    .replace(/^error: /, '')
    .trim()
    .split('\n');
  const hint = rest
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ');
  const sentence = hint === '' ? what : `${what} ${hint}`;
  return `forebay: ${sentence.replace(/\.$/, '')}. See: ${path} --help\n`;
}

function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
