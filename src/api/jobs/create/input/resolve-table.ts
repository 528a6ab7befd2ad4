/** Resolves an input that is a table: a file with a row per line, record or member. */
import { resolveTableSpec } from '../../../../shared/datasets/table/resolve-table-spec.ts';
import type { PackedInput } from '../../../http/wire/job-input.ts';
import { ANSWER_MS, askStore } from './ask-store.ts';
import type { ResolvedInput, Resolving } from './resolve-files.ts';
import { findList, type ListPlaces } from './resolve-list.ts';

export type TableInput = Extract<PackedInput, { type: 'jsonl' | 'csv' | 'parquet' }>;

const NAMES: Readonly<Record<TableInput['type'], string>> = {
  jsonl: 'JSONL',
  csv: 'CSV',
  parquet: 'Parquet',
};

/** Rejects as InputResolver.resolve does. */
export async function resolveTable(
  places: ListPlaces,
  input: TableInput,
  { tenant, fields }: Resolving,
): Promise<ResolvedInput> {
  const { name, path, base } = await findList(places, input.path, NAMES[input.type], tenant);
  const table = { ...input, path, base };
  const { spec, compressed } = await askStore(name, ANSWER_MS, async (signal) =>
    resolveTableSpec(places.files, table, fields, signal),
  );
  return { spec, total: null, ...(compressed && { compressed }) };
}
