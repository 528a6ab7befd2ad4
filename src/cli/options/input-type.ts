/** The type of an input, by its name. */
import { tableTypeOf as typeOfName, type TableType } from '../../shared/datasets/table/table-names.ts';
import { isWebUrl } from '../../shared/stores/remote-url.ts';

/** What `--input-format` takes. */
export const INPUT_FORMATS = ['files', 'jsonl', 'csv', 'parquet', 'archive'] as const;
export type InputFormat = (typeof INPUT_FORMATS)[number];

const TABLE_NAMES: Readonly<Record<TableType, string>> = {
  jsonl: 'A JSONL file',
  csv: 'A CSV file',
  parquet: 'A Parquet file',
};

/** The content is not checked. A pattern such as `rows/*.parquet` has the type of the names that it matches. */
export function inputFormatOf(path: string): InputFormat {
  const name = (isWebUrl(path) ? path.replace(/[?#].*$/s, '') : path).replace(/\/+$/, '');
  if (/\.(zip|tar|tgz|tar\.gz|tar\.zst)$/i.test(name)) return 'archive';
  return typeOfName(name) ?? 'files';
}

/** Null for files and archives. */
export function tableOf(format: InputFormat): TableType | null {
  return format === 'files' || format === 'archive' ? null : format;
}

/** `A JSONL file` */
export function tableName(type: TableType): string {
  return TABLE_NAMES[type];
}
