/** Creates the source of a dataset from its spec. Only this file and locate.ts know every format. */
import type { DatasetSpec } from '../domain/dataset-spec.ts';
import { createFailedSource } from './failed/failed-source.ts';
import { createFilesSource, type FilesSourceOptions } from './files/files-source.ts';
import { createJsonlSource } from './jsonl/jsonl-source.ts';
import { createInlineSource } from './inline/inline-source.ts';
import { createManifestSource } from './manifest/manifest-source.ts';
import type { DatasetSource } from './source.ts';
import { createUrlsSource } from './urls/urls-source.ts';

export function openDataset(spec: DatasetSpec, options: FilesSourceOptions = {}): DatasetSource {
  switch (spec.type) {
    case 'files':
      return createFilesSource(spec, options);
    case 'urls':
      return createUrlsSource(spec);
    case 'inline':
      return createInlineSource(spec);
    case 'manifest':
      return createManifestSource(spec);
    case 'jsonl':
      return createJsonlSource(spec);
    case 'failed':
      return createFailedSource(spec, (of) => openDataset(of, options));
  }
}
