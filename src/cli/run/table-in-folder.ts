/** Finds out whether a folder holds a table in several files, so that its files need not be read as rows. */
import { createFilesSource } from '../../shared/datasets/files/files-source.ts';
import { partVerdict } from '../../shared/datasets/parts/part-rule.ts';
import { tableTypeOf, type TableType } from '../../shared/datasets/table/table-names.ts';

/** Looks at no more files than this. */
const LOOKED_AT = 1_000;

/** The format of its files if all of them have the same one. Null: it is a folder of other files. */
export async function tableInFolder(folder: string): Promise<TableType | null> {
  const source = createFilesSource({ type: 'files', root: folder, include: [], exclude: [], listing: 3 });
  let found: TableType | null = null;
  let seen = 0;
  for await (const { row } of source.read(null, new AbortController().signal)) {
    if (partVerdict('jsonl', row.id, true) !== 'part') continue;
    const type = tableTypeOf(row.id);
    if (type === null || (found !== null && type !== found)) return null;
    found = type;
    if (++seen >= LOOKED_AT) break;
  }
  return found;
}
