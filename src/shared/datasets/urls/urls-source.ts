/** The URL list of a request: written to a spool file, and read back as rows. */
import type { DatasetSpec } from '../../domain/dataset-spec.ts';
import { LOCAL_FILES } from '../bytes/local-files.ts';
import { createLineSource } from '../lines/line-source.ts';
import { parseSpooled, writeSpool } from '../lines/spool-file.ts';
import type { DatasetSource } from '../source.ts';
import type { PackedUrls } from './pack-urls.ts';

/** Writes the list durably. Throws ForebayError `storage_unavailable`. */
export async function spoolUrls(file: string, { lines }: PackedUrls): Promise<void> {
  await writeSpool([[file, lines]]);
}

export function createUrlsSource(spec: Extract<DatasetSpec, { type: 'urls' }>): DatasetSource {
  return createLineSource({
    path: spec.spool,
    files: LOCAL_FILES,
    toRow: (line) => ({ id: parseSpooled<string>(line, spec.spool) }),
  });
}
