/** The type of an input, by its name. */
import { isRemoteUrl, isWebUrl } from '../../shared/stores/remote-url.ts';

const TABLES = [
  { type: 'jsonl', names: /\.(jsonl|ndjson)$/i, what: 'A JSONL file' },
  { type: 'csv', names: /\.(csv|tsv)$/i, what: 'A CSV file' },
  { type: 'parquet', names: /\.(parquet|parq|pq)$/i, what: 'A Parquet file' },
] as const;

export type TableType = (typeof TABLES)[number]['type'];

/** The type of a table, which may be compressed. Null for files and folders that are no tables. The content is not checked. */
export function tableTypeOf(path: string): TableType | null {
  const whole = isWebUrl(path) ? path.replace(/[?#].*$/s, '') : path;
  const plain = whole.replace(/\.(gz|zst)$/i, '');
  return TABLES.find(({ names }) => names.test(plain))?.type ?? null;
}

/** Whether the name is that of a tar or a zip on this machine, or of several. */
export function isArchivePath(path: string): boolean {
  return !isRemoteUrl(path) && /\.(zip|tar|tgz|tar\.gz|tar\.zst)$/i.test(path);
}

/** `A JSONL file` */
export function tableName(type: TableType): string {
  return TABLES.find((table) => table.type === type)!.what;
}
