/** The command line as a whole: every command, its help, and the messages for mistakes. */
import { Command, CommanderError } from 'commander';
import { messageOf } from '../shared/errors.ts';
import { redactCredentials } from '../shared/text/redact-url.ts';
import { addApi } from './commands/api.ts';
import { addControl } from './commands/control.ts';
import { addDoctor } from './commands/doctor.ts';
import { addJob } from './commands/job.ts';
import { addJobs } from './commands/jobs.ts';
import { addKeys } from './commands/keys.ts';
import { addLoadtest } from './commands/loadtest.ts';
import { addInit, addModel } from './commands/model.ts';
import { addModels } from './commands/models.ts';
import { addPlan } from './commands/plan.ts';
import { addRetry } from './commands/retry.ts';
import { addPredict } from './commands/predict.ts';
import { addResults } from './commands/results.ts';
import { addRun } from './commands/run.ts';
import { addSubmit } from './commands/submit.ts';
import { addTune } from './commands/tune.ts';
import { addUp } from './commands/up.ts';
import { addWorker } from './commands/worker.ts';
import { addWorkers } from './commands/workers.ts';
import type { CliContext } from './context.ts';
import { inCliTerms } from './cli-terms.ts';
import { codeOf, EXIT, exitCodeOf, UsageError } from './exit-codes.ts';
import { addHelp } from './options/help.ts';
import { strayArgumentsText } from './stray-arguments.ts';

/** Returns the exit code, or null when the process continues as an API or worker. Never throws. */
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
      // Help and version also end with an exception. outputError has already reported a mistake.
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    }
    context.terminal.err(`forebay: ${redactCredentials(messageFor(error))}\n`);
    return exitCodeOf(error);
  }
}

/** A message of the command itself stays unchanged. A message of the service is translated. */
function messageFor(error: unknown): string {
  const own = error instanceof UsageError || codeOf(error) === 'config_invalid';
  return own ? messageOf(error) : inCliTerms(messageOf(error));
}

export function createProgram(context: CliContext, version: string): Command {
  const program = new Command('forebay')
    .description('Batch inference: from a dataset and an ONNX model to one answer per row.')
    .version(version, '-v, --version', 'show the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false);
  addHelp(program, {
    examples: [
      'forebay run --model models/digits-small --input photos --output results',
      'forebay plan --model models/digits-small --input photos',
      'forebay tune --model models/digits-small --input photos',
      'forebay up --models models',
      'forebay submit --model digits-small --input photos --watch',
      'forebay doctor',
    ],
    notes: ['For the options and examples of a command: forebay help run'],
  });
  const add = [
    addRun,
    addPlan,
    addUp,
    addSubmit,
    addJobs,
    addJob,
    addResults,
    addPredict,
    addLoadtest,
    addControl,
    addRetry,
    addModels,
    addModel,
    addInit,
    addWorkers,
    addTune,
    addKeys,
    addDoctor,
    addApi,
    addWorker,
  ];
  for (const addCommand of add) addCommand(program, context);
  addHelpCommand(program);
  configure(program, context);
  return program;
}

/** `forebay help run` is `forebay run --help`. An unknown name is reported like any other unknown command. */
function addHelpCommand(program: Command): void {
  const command = program
    .command('help')
    .argument('[command...]', 'the command')
    .description('show the help of a command')
    .action(async (words: string[]) => {
      const unknown = firstUnknown(program, words);
      // An unknown name gets no --help, because commander would show the help before it checks the name.
      const rest = unknown === null ? [...words, '--help'] : words.slice(0, unknown + 1);
      await program.parseAsync(rest, { from: 'user' });
    });
  addHelp(command, { examples: ['forebay help run', 'forebay help keys create'] });
}

/** Index of the first word that is not a subcommand of the words before it. Null if there is none. */
function firstUnknown(program: Command, words: readonly string[]): number | null {
  let command = program;
  for (const [i, word] of words.entries()) {
    if (command.commands.length === 0) return null;
    const next = command.commands.find((one) => one.name() === word);
    if (next === undefined) return i;
    command = next;
  }
  return null;
}

/** Configures every command, because a command inherits only settings that were made before it was added. */
function configure(command: Command, context: CliContext): void {
  const { terminal } = context;
  command
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: (text, write) => write(mistakeText(text, command, context)),
    });
  for (const child of command.commands) configure(child, context);
}

function mistakeText(text: string, command: Command, { argv, cwd, program }: CliContext): string {
  if (text.startsWith('error: too many arguments')) {
    const words = command.args.slice(command.registeredArguments.length);
    const files = strayArgumentsText({ words, argv, cwd, program });
    if (files !== null) return `forebay: ${files}\n`;
    return usageSentence(`error: '${words[0]}' has no flag before it`, pathOf(command));
  }
  return usageSentence(text, pathOf(command));
}

/** commander's message with its suggestion on the same line, and a pointer to the help. */
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
