/** Lists compacted files in an output folder. Follows no links. */
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { noneIfMissing } from '../../files/is-missing.ts';
import { DATA_FOLDER, describesFiles, isFilePath, isPartition } from '../file-names.ts';

export async function filePathsIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  const lists = entries.map(({ name }) => name).filter(describesFiles);
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
