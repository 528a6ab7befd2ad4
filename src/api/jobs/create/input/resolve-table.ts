/** Resolves an input that is a table: a file with a row per line or record, or several of them. */
import { resolvePartsSpec } from '../../../../shared/datasets/table/resolve-parts-spec.ts';
import { resolveTableSpec } from '../../../../shared/datasets/table/resolve-table-spec.ts';
import type { PackedInput } from '../../../http/wire/job-input.ts';
import { ANSWER_MS, askStore } from './ask-store.ts';
import type { ResolvedInput, Resolving } from './resolve-files.ts';
import { findParts } from './find-parts.ts';
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
  const parts = await findParts(places, input, tenant);
  if (parts !== null) {
    const several = { ...input, ...parts };
    const listFiles = places.listFiles(tenant);
    const spec = await askStore(parts.path, ANSWER_MS, async (signal) =>
      resolvePartsSpec(places.files, listFiles, several, fields, signal),
    );
    return { spec, total: null };
  }
  const { name, path, base } = await findList(places, input.path, NAMES[input.type], tenant);
  const table = { ...input, path, base };
  const { spec, compressed } = await askStore(name, ANSWER_MS, async (signal) =>
    resolveTableSpec(places.files, table, fields, signal),
  );
  return { spec, total: null, ...(compressed && { compressed }) };
}
