/** One file of a table as a table of its own. Each file must have the columns that the model needs. */
import type { TableSpec } from '../../domain/dataset-spec.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { checkNeeds } from '../table/needed-columns.ts';
import { readTableHead } from '../table-head.ts';

/** Headers of CSV files that this process has read. */
const MAX_KNOWN = 64;
const known = new Map<string, TableSpec>();

/**
 * `path`: the file's. Throws ForebayError `input_unreadable` for a file that is not such a table, or that lacks a
 * column, and the errors of reading the file.
 */
export async function tableOfPart(
  spec: TableSpec,
  path: string,
  file: ByteFile,
  signal: AbortSignal,
): Promise<TableSpec> {
  const { parts: _, needs, ...all } = spec;
  const one = { ...all, path };
  // The rows of a JSONL file may have different fields.
  if (one.type === 'jsonl') return one;
  const key = `${path}\n${file.version}\n${JSON.stringify(spec)}`;
  const found = known.get(key);
  if (found !== undefined) return found;
  const fields = { names: one.fields, needed: [], text: one.type === 'csv' ? one.text : null };
  const head = await readTableHead(file, one, fields, signal);
  const joined = (spec.join ?? []).map(({ column }) => column);
  // Of some files, only the beginning is known.
  if (head.columns !== null) checkNeeds(file.name, head.columns, [...(needs ?? []), ...joined]);
  const table = { ...one, ...head.spec } as TableSpec;
  if (head.columns !== null) known.set(key, table);
  for (const oldest of known.keys()) {
    if (known.size <= MAX_KNOWN) break;
    known.delete(oldest);
  }
  return table;
}
