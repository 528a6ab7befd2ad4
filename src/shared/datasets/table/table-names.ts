/** The format of a table by the name of its file, which may be compressed. Pure. */
import type { TableSpec } from '../../domain/dataset-spec.ts';

export type TableType = TableSpec['type'];

const NAMES: readonly (readonly [TableType, RegExp])[] = [
  ['jsonl', /\.(jsonl|ndjson)$/i],
  ['csv', /\.(csv|tsv)$/i],
  ['parquet', /\.(parquet|parq|pq)$/i],
];

/** Null if the name is not a table's. */
export function tableTypeOf(name: string): TableType | null {
  const plain = withoutCompression(name);
  return NAMES.find(([, names]) => names.test(plain))?.[0] ?? null;
}

export function withoutCompression(name: string): string {
  return name.replace(/\.(gz|zst)$/i, '');
}
