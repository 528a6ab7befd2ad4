/** `forebay models`: the models that a running service can run. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { modelsTable } from '../jobs/job-text.ts';
import { addHelp } from '../options/help.ts';
import { addApiUrlFlags, connectTo, type ApiFlags } from '../options/api-flags.ts';

export function addModels(program: Command, context: CliContext): void {
  const command = program
    .command('models')
    .summary('list models')
    .description('Lists the models of a running service.');
  addApiUrlFlags(command).action(async (flags: ApiFlags) => {
    const { data } = await connectTo(flags, context).models();
    if (flags.json) context.terminal.out(`${JSON.stringify(data)}\n`);
    else if (data.length === 0)
      context.terminal.err('No models. Put a model folder into the --models folder of the service.\n');
    else context.terminal.out(modelsTable(data));
    context.exitWith(EXIT.ok);
  });
  addHelp(command, { examples: ['forebay models', 'forebay models --url http://127.0.0.1:8080 --json'] });
}
