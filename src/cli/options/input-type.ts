/** The type of an input, by its name. */
import { isWebUrl } from '../../shared/stores/remote-url.ts';

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

/** `A JSONL file` */
export function tableName(type: TableType): string {
  return TABLES.find((table) => table.type === type)!.what;
}
