/** A request's URL list, as spool.ts wrote it: one JSON string a line. */
import type { DatasetSpec } from '../../domain/dataset-spec.ts';
import { createLineSource } from '../lines/line-source.ts';
import type { DatasetSource } from '../source.ts';
import { parseSpooled } from '../spool.ts';

export function createUrlsSource(spec: Extract<DatasetSpec, { type: 'urls' }>): DatasetSource {
  return createLineSource({
    path: spec.spool,
    toRow: (line) => ({ id: parseSpooled<string>(line, spec.spool) }),
  });
}
