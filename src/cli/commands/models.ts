/** `forebay models`: the models of a running service, and the models folder of this machine. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import type { AddFlags } from '../models/add-model.ts';
import type { AliasFlags } from '../models/alias-model.ts';
import type { FolderFlags } from '../models/models-folder.ts';
import type { PullFlags } from '../models/pull-model.ts';
import { addHelp } from '../options/help.ts';
import { addApiUrlFlags, type ApiFlags } from '../options/api-flags.ts';
import { addFlags } from '../options/service-flags.ts';

const AS_FLAG = '--as <name@version>';
const AS_TEXT = 'adds it as a version, in <name>/<version>; <name> must be the name in model.json';
const FOLDER_NOTE =
  '--models must name one local folder. No service needs to run.\nA running one notices the change within seconds.';

export function addModels(program: Command, context: CliContext): void {
  const models = program
    .command('models')
    .summary('list, inspect, change, load and unload models')
    .description('Lists the models of a running service, and changes a models folder of this machine.')
    .helpCommand(false);
  addHelp(models, {
    examples: [
      'forebay models',
      'forebay models --url http://127.0.0.1:8080 --json',
      'forebay models inspect resnet50@2',
      'forebay models add exports/resnet50 --as resnet50@3',
    ],
  });
  addServiceCommands(models, context);
  addFolderCommands(models, context);
}

function addServiceCommands(models: Command, context: CliContext): void {
  const list = models
    .command('list', { isDefault: true })
    .summary('list the models of a running service (the default)')
    .description('Lists the models of a running service, each version by itself.');
  addApiUrlFlags(list).action(async (flags: ApiFlags) => {
    const { listModels } = await import('../models/service-models.ts');
    context.exitWith(await listModels(flags, context));
  });
  addHelp(list, { examples: ['forebay models list', 'forebay models list --json'] });

  const inspect = models
    .command('inspect')
    .argument('<name>', 'a model, such as resnet50 or resnet50@2')
    .summary('show one model of a running service')
    .description(
      'Shows what a running service knows of a model: versions, inputs, outputs, providers, memory.',
    );
  addApiUrlFlags(inspect).action(async (name: string, flags: ApiFlags) => {
    const { inspectModel } = await import('../models/service-models.ts');
    context.exitWith(await inspectModel(name, flags, context));
  });
  addHelp(inspect, {
    examples: ['forebay models inspect resnet50', 'forebay models inspect resnet50@2 --json'],
  });
  addAsking(models, context, 'load', 'load a model of a running service now', [
    'Loads a model into the lanes of all workers that have it, before a job needs it.',
    'A model that could not be loaded is tried again.',
  ]);
  addAsking(models, context, 'unload', 'unload a model of a running service', [
    'Takes a model out of the lanes of all workers, to free its memory. Its running jobs end first.',
    'A job that is submitted later loads it again.',
  ]);
}

function addAsking(
  models: Command,
  context: CliContext,
  order: 'load' | 'unload',
  summary: string,
  description: readonly string[],
): void {
  const command = models
    .command(order)
    .argument('<name>', 'a model, such as resnet50 or resnet50@2')
    .summary(summary)
    .description(description.join(' '));
  addApiUrlFlags(command).action(async (name: string, flags: ApiFlags) => {
    const { askForModel } = await import('../models/service-models.ts');
    context.exitWith(await askForModel(order, name, flags, context));
  });
  addHelp(command, { examples: [`forebay models ${order} resnet50@2`] });
}

function addFolderCommands(models: Command, context: CliContext): void {
  const add = models
    .command('add')
    .argument('<path>', 'a model folder (model.onnx, model.json and the files that they name)')
    .summary('copy a model folder into the models folder')
    .description(
      'Checks a model folder and copies it into the models folder. It appears there complete, or not at all.',
    )
    .option(AS_FLAG, AS_TEXT);
  addFlags(add, ['modelsDirs']).action(async (path: string, flags: AddFlags) => {
    const { addModel } = await import('../models/add-model.ts');
    context.exitWith(await addModel(path, flags, context));
  });
  addHelp(add, {
    examples: ['forebay models add exports/resnet50', 'forebay models add exports/resnet50 --as resnet50@3'],
    notes: [`Nothing is overwritten. ${FOLDER_NOTE}`],
  });

  const pull = models
    .command('pull')
    .argument('<url>', 'an https URL of a model folder as .tar or .tar.gz')
    .summary('download a model folder into the models folder')
    .description('Downloads the archive of a model folder, verifies its SHA-256, and adds the model.')
    .requiredOption('--sha256 <hex>', 'SHA-256 of the archive')
    .option(AS_FLAG, AS_TEXT)
    .option('--allow-code', 'also takes a predictor, whose code workers run');
  addFlags(pull, ['modelsDirs', 'fetchAllow']).action(async (url: string, flags: PullFlags) => {
    const { pullModel } = await import('../models/pull-model.ts');
    context.exitWith(await pullModel(url, flags, context));
  });
  addHelp(pull, {
    examples: [
      `forebay models pull https://example.com/resnet50.tar.gz --sha256 ${'0123456789abcdef'.repeat(4)}`,
    ],
    notes: [`Make an archive with: tar czf resnet50.tar.gz -C models resnet50`, FOLDER_NOTE],
  });

  const remove = models
    .command('remove')
    .argument('<name>', 'a model, such as resnet50 or resnet50@2')
    .summary('delete a model folder from the models folder')
    .description('Deletes the folder of a model, or of one version.');
  addFlags(remove, ['modelsDirs']).action(async (name: string, flags: FolderFlags) => {
    const { removeModel } = await import('../models/remove-model.ts');
    context.exitWith(await removeModel(name, flags, context));
  });
  addHelp(remove, {
    examples: ['forebay models remove resnet50@2'],
    notes: [`Running jobs continue with the model that workers hold in memory.\n${FOLDER_NOTE}`],
  });

  const alias = models
    .command('alias')
    .argument('<name>', 'a version of a model, such as resnet50@2')
    .argument('<alias>', 'a name for it, such as stable')
    .summary('give a version of a model another name, or move that name')
    .description(
      'Sets an alias: jobs that are submitted with resnet50@stable then run the version that it stands for.',
    )
    .option('--remove', 'remove the alias instead; <name> is then the name without a version');
  addFlags(alias, ['modelsDirs']).action(async (name: string, given: string, flags: AliasFlags) => {
    const { aliasModel } = await import('../models/alias-model.ts');
    context.exitWith(await aliasModel(name, given, flags, context));
  });
  addHelp(alias, {
    examples: ['forebay models alias resnet50@2 stable', 'forebay models alias resnet50 stable --remove'],
    notes: [`A job keeps the version that it was submitted with.\n${FOLDER_NOTE}`],
  });
}
