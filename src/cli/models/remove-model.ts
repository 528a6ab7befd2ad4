/** `forebay models remove NAME[@VERSION]`. */
import { rename, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { aliasesOf, readAliases } from '../../shared/models/aliases.ts';
import { latestVersion, modelTitle, parseModelName } from '../../shared/models/version-name.ts';
import type { CliContext } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { foldersOf, versionsOf, type NamedFolder } from './named-folders.ts';
import { modelsFolder, withHiddenFolder, type FolderFlags } from './models-folder.ts';

export async function removeModel(asked: string, flags: FolderFlags, context: CliContext): Promise<number> {
  const modelsDir = modelsFolder(flags, context);
  const found = choose(asked, await foldersOf(modelsDir, parseModelName(asked).name), modelsDir);
  if (found.dir === modelsDir)
    throw new UsageError(`${modelsDir} is the model itself, not a models folder; delete it by hand`);
  await refuseIfAliased(modelsDir, found);
  await withHiddenFolder(modelsDir, async (hidden) => rename(found.dir, join(hidden, 'removed')));
  // Removes the model's folder with its last version. While other versions remain, rmdir fails.
  if (found.version !== null) await rmdir(dirname(found.dir)).catch(() => undefined);
  context.terminal.out(`removed ${modelTitle(found)} (${found.dir})\n`);
  return EXIT.ok;
}

async function refuseIfAliased(modelsDir: string, { name, version }: NamedFolder): Promise<void> {
  if (version === null) return;
  const [alias] = aliasesOf(await readAliases(join(modelsDir, name)), version);
  if (alias === undefined) return;
  throw new UsageError(
    `${name}@${alias} stands for ${name}@${version}; give the alias to another version first, or remove it: forebay models alias ${name} ${alias} --remove`,
  );
}

function choose(asked: string, folders: readonly NamedFolder[], modelsDir: string): NamedFolder {
  const { name, version } = parseModelName(asked);
  const versions = versionsOf(folders);
  if (asked === name && versions.length > 1)
    throw new UsageError(
      `"${name}" has the versions ${versions.join(', ')}; name one, such as ${name}@${versions[0]}`,
    );
  const wanted = version ?? latestVersion(versions);
  const found = folders.find((folder) => folder.version === wanted);
  if (found !== undefined) return found;
  const known = versions.length === 0 ? '' : `; "${name}" has the versions ${versions.join(', ')}`;
  throw new UsageError(`there is no model "${asked}" in ${modelsDir}${known}`);
}
