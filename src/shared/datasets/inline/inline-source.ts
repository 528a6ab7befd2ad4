/** A request's inline rows, as spool.ts wrote them: `{"id","at"}` a line, their bytes in the blob file. */
import type { DatasetSpec } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { createLineSource } from '../lines/line-source.ts';
import type { DatasetSource } from '../source.ts';
import { parseSpooled } from '../spool.ts';

export function createInlineSource(spec: Extract<DatasetSpec, { type: 'inline' }>): DatasetSource {
  return createLineSource({
    path: spec.spool,
    toRow: (line) => parseSpooled<Required<RowRef>>(line, spec.spool),
  });
}
