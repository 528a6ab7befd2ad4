/** `forebay models add PATH`. */
import { resolve } from 'node:path';
import { formatBytes } from '../../shared/text/bytes.ts';
import type { CliContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { modelsFolder, type FolderFlags } from './models-folder.ts';
import { placeModel, type PlacedModel } from './place-model.ts';

export interface AddFlags extends FolderFlags {
  readonly as?: string;
}

export async function addModel(path: string, flags: AddFlags, context: CliContext): Promise<number> {
  const placed = await placeModel(resolve(context.cwd, path), modelsFolder(flags, context), { as: flags.as });
  context.terminal.out(placedText(placed));
  return EXIT.ok;
}

export function placedText({ title, dir, hash, bytes }: PlacedModel): string {
  return `added ${title} (${formatBytes(bytes)}, hash ${hash.slice(0, 12)}) as ${dir}\n`;
}
