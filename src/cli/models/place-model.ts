/** Copies a model folder into a models folder: complete or not at all, and never over another one. */
import { constants, type Stats } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { ForebayError } from '../../shared/errors.ts';
import { readAliases } from '../../shared/models/aliases.ts';
import { createContentMemo } from '../../shared/models/content-memo.ts';
import { isModel } from '../../shared/models/model-dirs.ts';
import { loadModelFolder, type ModelFolder } from '../../shared/models/model-folder.ts';
import { isVersionName, modelTitle, VERSION_RULE } from '../../shared/models/version-name.ts';
import { UsageError } from '../exit-codes.ts';
import { foldersOf } from './named-folders.ts';
import { withHiddenFolder } from './models-folder.ts';

export interface PlacedModel {
  readonly dir: string;
  readonly title: string;
  readonly hash: string;
  readonly bytes: number;
}

export interface Wanted {
  /** The name and version that the user wants. */
  readonly as: string | undefined;
  /** Throws if the user may not want the model. */
  readonly check?: (model: ModelFolder) => void;
}

/** Throws UsageError, or ForebayError `model_not_found` or `invalid_model_config`. */
export async function placeModel(
  source: string,
  modelsDir: string,
  { as, check }: Wanted,
): Promise<PlacedModel> {
  const model = await loadModelFolder(resolve(source));
  check?.(model);
  const { name } = model.ref;
  const version = as === undefined ? null : versionOf(as, name);
  const target = version === null ? join(modelsDir, name) : join(modelsDir, name, version);
  await refuseIfTaken(modelsDir, { name, version });
  return withHiddenFolder(modelsDir, async (hidden) => {
    const staged = join(hidden, relative(modelsDir, target));
    await copyFiles(model, staged);
    const copied = await loadModelFolder(staged, createContentMemo(), { modelsDir });
    if (copied.ref.hash !== model.ref.hash) {
      throw new ForebayError(
        'invalid_model_config',
        model.members.length > 0
          ? `the models of pipeline "${name}" are other ones in ${modelsDir} than beside ${source}; add them first`
          : `the files of ${source} changed while they were copied; try again when they are all in place`,
      );
    }
    await moveInto(staged, target);
    return { dir: target, title: modelTitle({ name, version }), hash: copied.ref.hash, bytes: copied.bytes };
  });
}

function versionOf(as: string, name: string): string {
  const [wanted = '', version, ...rest] = as.split('@');
  if (version === undefined || rest.length > 0)
    throw new UsageError(`--as takes a name and a version, such as ${name}@2, not "${as}"`);
  if (wanted !== name)
    throw new UsageError(
      `--as ${as}: the model has the name "${name}"; use --as ${name}@${version}, or change its name in model.json`,
    );
  if (!isVersionName(version)) throw new UsageError(`--as ${as}: ${VERSION_RULE}`);
  return version;
}

async function refuseIfTaken(
  modelsDir: string,
  { name, version }: { name: string; version: string | null },
): Promise<void> {
  const folder = join(modelsDir, name);
  const elsewhere = (await foldersOf(modelsDir, name)).find(({ dir }) => !`${dir}/`.startsWith(`${folder}/`));
  if (elsewhere !== undefined)
    throw new UsageError(`${elsewhere.dir} holds a model with the name "${name}"; remove it first`);
  const inside: string[] | null = await readdir(folder).catch(() => null);
  if (inside === null) return;
  if (isModel(inside)) {
    throw new UsageError(
      version === null
        ? `${folder} exists; remove it first, or keep both as versions`
        : `${folder} is a model without versions; move its files to ${join(folder, '1')} first`,
    );
  }
  if (version === null)
    throw new UsageError(`${folder} exists; if it holds versions, add another one with --as ${name}@VERSION`);
  const aliases = await readAliases(folder);
  if (aliases.has(version))
    throw new UsageError(`"${version}" is an alias of "${name}"; choose another version`);
  const other: Stats | null = await stat(join(folder, version)).catch(() => null);
  if (other !== null) throw new UsageError(`${join(folder, version)} exists; choose another version`);
}

/** Copies only the files that determine the answers. Links become files. */
async function copyFiles({ dir, files }: ModelFolder, staged: string): Promise<void> {
  for (const { path } of files) {
    const target = join(staged, relative(dir, path));
    await mkdir(dirname(target), { recursive: true });
    await copyFile(path, target, constants.COPYFILE_FICLONE);
  }
}

/** A rename never replaces a folder that holds anything. */
async function moveInto(staged: string, target: string): Promise<void> {
  const parent = dirname(target);
  await mkdir(parent, { recursive: true });
  try {
    await rename(staged, target);
  } catch (error) {
    await rmdir(parent).catch(() => undefined);
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    throw new UsageError(`${target} was created by somebody else in the meantime`, { cause: error });
  }
}
