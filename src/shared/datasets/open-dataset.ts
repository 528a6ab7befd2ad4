/** Creates the source of a dataset from its spec. Only this file and locate.ts know every format. */
import type { ArchiveSpec, DatasetSpec, TableSpec } from '../domain/dataset-spec.ts';
import { createArchiveSource } from './archive/archive-source.ts';
import type { ByteFiles } from './bytes/byte-file.ts';
import { LOCAL_FILES } from './bytes/local-files.ts';
import { createFailedSource } from './failed/failed-source.ts';
import { createFilesSource, type FilesSourceOptions } from './files/files-source.ts';
import { createObjectsSource } from './files/objects-source.ts';
import { createCsvSource } from './csv/csv-source.ts';
import { createJsonlSource } from './jsonl/jsonl-source.ts';
import { createInlineSource } from './inline/inline-source.ts';
import { createManifestSource } from './manifest/manifest-source.ts';
import { createParquetSource } from './parquet/parquet-source.ts';
import { isObjectUrl } from '../stores/object-url.ts';
import type { Stores } from '../stores/stores.ts';
import { FOLDER_OUTPUTS } from '../storage/outputs.ts';
import type { Outputs } from '../storage/output.ts';
import { listRows } from './open-slice.ts';
import type { DatasetSource } from './source.ts';
import { createUrlsSource } from './urls/urls-source.ts';

export interface DatasetOptions extends FilesSourceOptions {
  /** Needed for datasets on S3. */
  readonly stores?: Pick<Stores, 'listing'>;
  /** Tells which objects of S3 to skip, by URL. The default skips none. */
  readonly skipsObject?: (url: string) => boolean;
  /** Opens manifests and tables. Default: those on this machine only. */
  readonly files?: ByteFiles;
  /** Opens the output that a retry reads. Default: folders of this machine only. */
  readonly outputs?: Outputs;
}

export function openDataset(spec: DatasetSpec, options: DatasetOptions = {}): DatasetSource {
  const { files = LOCAL_FILES, outputs = FOLDER_OUTPUTS } = options;
  switch (spec.type) {
    case 'files':
      return isObjectUrl(spec.root)
        ? createObjectsSource(spec, options.stores, options.skipsObject)
        : createFilesSource(spec, options);
    case 'urls':
      return createUrlsSource(spec);
    case 'inline':
      return createInlineSource(spec);
    case 'manifest':
      return createManifestSource(spec, files);
    case 'jsonl':
      return withNames(spec, createJsonlSource(spec, files), files);
    case 'csv':
      return withNames(spec, createCsvSource(spec, files), files);
    case 'archive':
      return withNames(
        spec,
        createArchiveSource(spec, files, (of) => openDataset(of, options)),
        files,
      );
    case 'parquet':
      // Names need no fields.
      return withNames({ ...spec, fields: [] }, createParquetSource(spec, files), files);
    case 'failed':
      return createFailedSource(spec, outputs.of(spec.folder), (of) => openDataset(of, options));
  }
}

/** For datasets with slices. `spec`: what is read to find the names. */
function withNames(
  spec: TableSpec | ArchiveSpec,
  source: Omit<DatasetSource, 'names'>,
  files: ByteFiles,
): DatasetSource {
  return { ...source, names: async (slice, signal) => listRows(files, spec, slice, signal) };
}
