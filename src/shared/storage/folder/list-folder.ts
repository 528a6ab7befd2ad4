/** Lists compacted files in an output folder, and the size of its parts. Follows no links. */
import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { noneIfMissing } from '../../files/is-missing.ts';
import { DATA_FOLDER, isFileListName, isFilePath, isPartition } from '../file-names.ts';
import { partNumber } from '../output-names.ts';

/** How many files are asked for their size at once. */
const AT_ONCE = 32;

export async function filePathsIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  const lists = entries.map(({ name }) => name).filter(isFileListName);
  const hasData = entries.some((entry) => entry.name === DATA_FOLDER && entry.isDirectory());
  if (!hasData) return lists;
  const paths: string[] = [];
  for (const entry of await entriesOf(`${folder}/${DATA_FOLDER}`)) {
    const path = `${DATA_FOLDER}/${entry.name}`;
    if (!entry.isDirectory()) paths.push(path);
    else if (isPartition(entry.name)) {
      for (const { name } of await entriesOf(`${folder}/${path}`)) paths.push(`${path}/${name}`);
    }
  }
  return [...lists, ...paths.filter(isFilePath)];
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch(noneIfMissing);
}

export async function partBytesIn(folder: string): Promise<number> {
  const parts = (await readdir(folder).catch(noneIfMissing)).filter((name) => partNumber(name) !== null);
  let bytes = 0;
  for (let at = 0; at < parts.length; at += AT_ONCE) {
    const group = parts.slice(at, at + AT_ONCE);
    const sizes = await Promise.all(group.map(async (name) => (await stat(`${folder}/${name}`)).size));
    bytes += sizes.reduce((sum, size) => sum + size, 0);
  }
  return bytes;
}
