/** Lists, shows, loads and unloads the models of a running service. */
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { modelsTable } from '../jobs/job-text.ts';
import { connectTo, type ApiFlags } from '../options/api-flags.ts';
import { askedText } from './asked-text.ts';
import { modelText } from './model-text.ts';

export async function listModels(flags: ApiFlags, context: CliContext): Promise<number> {
  const { data } = await connectTo(flags, context).models();
  if (flags.json) context.terminal.out(`${JSON.stringify(data)}\n`);
  else if (data.length === 0)
    context.terminal.err('No models. Put a model folder into the --models folder of the service.\n');
  else context.terminal.out(modelsTable(data));
  return EXIT.ok;
}

export async function inspectModel(name: string, flags: ApiFlags, context: CliContext): Promise<number> {
  const client = connectTo(flags, context);
  const model = await client.model(name);
  if (flags.json) {
    context.terminal.out(`${JSON.stringify(model)}\n`);
    return EXIT.ok;
  }
  const { data } = await client.models();
  context.terminal.out(
    modelText(
      model,
      data.filter((other) => other.name === model.name),
    ),
  );
  return EXIT.ok;
}

export async function askForModel(
  order: 'load' | 'unload',
  name: string,
  flags: ApiFlags,
  context: CliContext,
): Promise<number> {
  const client = connectTo(flags, context);
  const model = await (order === 'load' ? client.loadModel(name) : client.unloadModel(name));
  context.terminal.out(flags.json ? `${JSON.stringify(model)}\n` : askedText(order, model));
  return EXIT.ok;
}
