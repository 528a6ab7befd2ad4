/** Resolves an input that is a table: a file with a row per line, record or member. */
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import { LOCAL_FILES } from '../../../../shared/datasets/bytes/local-files.ts';
import { resolveTableSpec } from '../../../../shared/datasets/table/resolve-table-spec.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { isObjectUrl } from '../../../../shared/stores/object-url.ts';
import type { PackedInput } from '../../../http/wire/job-input.ts';
import { checkReadable, type InputPaths } from './input-paths.ts';
import type { ResolvedInput, Resolving } from './resolve-files.ts';

export type TableInput = Extract<PackedInput, { type: 'jsonl' | 'csv' }>;

const NAMES: Readonly<Record<TableInput['type'], string>> = {
  jsonl: 'JSONL file',
  csv: 'CSV file',
};

/** Rejects as InputResolver.resolve does. */
export async function resolveTable(
  paths: InputPaths,
  input: TableInput,
  { tenant, fields }: Resolving,
): Promise<ResolvedInput> {
  const what = NAMES[input.type];
  if (isObjectUrl(input.path)) {
    throw new ForebayError(
      'invalid_request',
      `A ${what} is read from a local path, not from S3. Its rows may be s3:// URLs.`,
      { issues: [{ path: '/input/path', message: 'must be a local path' }] },
    );
  }
  const found = await paths.find(input.path, tenant);
  if (found.isFolder) {
    throw new ForebayError(
      'input_unreadable',
      `${found.path} is a folder, not a ${what}. To read its files, use {"type":"files"}.`,
    );
  }
  await checkReadable(found);
  const base = await realpath(dirname(paths.absolute(input.path)));
  const table = { ...input, path: found.path, base };
  const { signal } = new AbortController();
  return { spec: await resolveTableSpec(LOCAL_FILES, table, fields, signal), total: null };
}
