/** The type of an input, by its name. */

const TABLES = [{ type: 'jsonl', names: /\.(jsonl|ndjson)$/i, what: 'A JSONL file' }] as const;

export type TableType = (typeof TABLES)[number]['type'];

/** The type of a table. Null for files and folders that are no tables. The content is not checked. */
export function tableTypeOf(path: string): TableType | null {
  return TABLES.find(({ names }) => names.test(path))?.type ?? null;
}

/** Whether the name is that of a tar or a zip, or of several. */
export function isArchivePath(path: string): boolean {
  return /\.(zip|tar|tgz|tar\.gz|tar\.zst)$/i.test(path);
}

/** `A JSONL file` */
export function tableName(type: TableType): string {
  return TABLES.find((table) => table.type === type)!.what;
}
