/** `forebay model init` and `forebay model test`. A child process that runs worker code opens the graph. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { childEnvironment } from '../../shared/process/child-environment.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { testModel } from '../models/test-model.ts';
import { addHelp } from '../options/help.ts';

export function addModel(program: Command, context: CliContext): void {
  const model = program
    .command('model')
    .summary('write a first model.json (model init), or test code of your own')
    .description('Works on model folders.')
    .helpCommand(false);
  addHelp(model, {
    examples: ['forebay model init model.onnx', 'forebay model init --predictor words --input text'],
  });
  model
    .command('init')
    .description(
      'Creates a model folder from an ONNX file or a Hugging Face folder, or for code of your own. It lists what it guessed and what you should check.',
    )
    .usage('FILE.onnx|FOLDER|--predictor NAME [options]')
    .argument('[args...]', 'see: forebay model init --help')
    .helpOption(false)
    .allowUnknownOption()
    .action(async (args: string[]) => context.exitWith(await init(args, context)));
  const test = model
    .command('test')
    .description(
      'Runs the tests of a predictor: the files *.test.js, *.test.mjs and *.test.cjs of its folder, with node:test.',
    )
    .argument('<folder>', 'the folder of the model')
    .action(async (folder: string) => context.exitWith(await testModel(folder, context.env)));
  addHelp(test, { examples: ['forebay model test models/words'] });
}

/** `forebay init FILE.onnx`, `forebay init predictor NAME`: other words for `forebay model init`. */
export function addInit(program: Command, context: CliContext): void {
  const command = program
    .command('init', { hidden: true })
    .description('Same as forebay model init.')
    .argument('[args...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(async ([first = '--help', ...rest]: string[]) =>
      context.exitWith(await init([first === 'predictor' ? '--predictor' : first, ...rest], context)),
    );
  addHelp(command, { examples: ['forebay init predictor words', 'forebay init model.onnx'] });
}

async function init(args: readonly string[], { program, env }: CliContext): Promise<number> {
  const main = fileURLToPath(new URL('../../workers/model-init/main.js', import.meta.url));
  const child = fork(main, [program, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
    env: childEnvironment(env),
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? EXIT.failed));
  });
}
