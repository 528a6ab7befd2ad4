/** How a manifest lists its rows, as its beginning shows. */
import type { ManifestList } from '../domain/dataset-spec.ts';
import type { ByteFile } from './bytes/byte-file.ts';
import { readHeader } from './csv/read-header.ts';
import { checkLines } from './lines/raw-lines.ts';
import { readSageMakerPrefix } from './manifest/sagemaker-prefix.ts';
import { checkColumns } from './table/resolve-table-spec.ts';
import { tableTypeOf } from './table/table-names.ts';

export interface GivenList {
  readonly path: string;
  /** Which columns of a CSV file have the path or URL, and the id. */
  readonly columns?: { readonly uri: string; readonly id?: string | undefined } | undefined;
  readonly delimiter?: string | undefined;
}

/** The column of a CSV file that has the path or URL, if the request names none. */
const URI = 'uri';
const TABS = /\.tsv(?:\.\w+)?$/i;

/**
 * Undefined: one row per line. Throws ForebayError `input_unreadable` for a file that cannot be read as a list, and
 * `invalid_request` for columns that it does not have.
 */
export async function readListHead(
  file: ByteFile,
  { path, columns, delimiter }: GivenList,
  signal: AbortSignal,
): Promise<ManifestList | undefined> {
  await checkLines(file, signal);
  const isNamedCsv = tableTypeOf(path.replace(/[?#].*$/s, '')) === 'csv';
  if (columns === undefined && !isNamedCsv) {
    const found = await readSageMakerPrefix(file, signal);
    return found === null ? undefined : { format: 'sagemaker', prefix: found.prefix };
  }
  const header = await readHeader(file, delimiter ?? (TABS.test(path) ? '\t' : null), signal).catch(
    (error: unknown) => {
      // It may be a list of lines nevertheless.
      if (columns === undefined) return null;
      throw error;
    },
  );
  if (header === null || (columns === undefined && !header.names.includes(URI))) return undefined;
  const named = columns ?? { uri: URI };
  const { uri, id } = named;
  checkColumns(file.name, header.names.filter(Boolean), id === undefined ? { uri } : { uri, id }, []);
  return { format: 'csv', ...header, columns: named };
}
