/** The inline rows of a request: written to spool files, and read back as rows. */
import type { DatasetSpec } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { LOCAL_FILES } from '../bytes/local-files.ts';
import { createLineSource } from '../lines/line-source.ts';
import { parseSpooled, writeSpool } from '../lines/spool-file.ts';
import type { DatasetSource } from '../source.ts';
import type { PackedInline } from './pack-inline.ts';

/** Writes the rows and their bytes durably. Throws ForebayError `storage_unavailable`. */
export async function spoolInline(jsonl: string, blob: string, rows: PackedInline): Promise<void> {
  await writeSpool([
    [jsonl, rows.lines],
    [blob, rows.blob],
  ]);
}

export function createInlineSource(spec: Extract<DatasetSpec, { type: 'inline' }>): DatasetSource {
  return createLineSource({
    path: spec.spool,
    files: LOCAL_FILES,
    toRow: (line) => parseSpooled<Required<RowRef>>(line, spec.spool),
  });
}
