/** `forebay run`: one job from start to end, with everything it needs, in one process tree. */
import { Option, type Command } from 'commander';
import type { CliContext } from '../context.ts';
import { addGlobFlags, addJobFlags } from '../options/job-options.ts';
import { wholeNumber } from '../options/parsers.ts';
import { addLogFlag, addWorkerFlags } from '../options/service-flags.ts';
import type { RunFlags } from '../run/plan-run.ts';

const EXAMPLES = `
Examples:
  forebay run --model models/digits-small --input photos --output results
  forebay run --model models/digits-small --input 'photos/**/*.jpg' --output results --limit 100
  forebay run --model models/digits-small --input photos --output results --resume

Exit codes: 0 completed, 1 failed, 2 bad usage, 130 stopped by Ctrl-C.`;

export function addRun(program: Command, context: CliContext): void {
  const command = program
    .command('run')
    .summary('run a model over a folder: no service needed')
    .description(
      'Runs a model over every row of an input and writes the results into a folder, with nothing else needed: a private Redis, the API and workers live as long as the command.',
    )
    .option('--model <dir>', 'model folder: model.onnx and model.json')
    .option('--input <path>', 'folder, file, or glob in quotes')
    .option('--manifest <file>', 'instead of --input: a file of one path, URL or {"id","uri"} a line')
    .option('--output <dir>', 'folder for the results');
  addGlobFlags(command);
  addJobFlags(command);
  command.option('--workers <n>', 'worker processes', wholeNumber(1, 64), 1);
  addWorkerFlags(command);
  addLogFlag(command);
  command
    .option('--stats', 'where the time went, what limits the job and what to do about it')
    .addOption(new Option('--quiet', 'say nothing unless something goes wrong').conflicts('logLevel'))
    .option('--json', 'output for programs')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: RunFlags) => {
      // Loaded when needed: other commands start faster without it.
      const { run } = await import('../run/run.ts');
      context.exitWith(await run(flags, context));
    });
}
