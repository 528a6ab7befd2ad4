/** Creates the source of a dataset from its spec. Only this file and locate.ts know every format. */
import {
  hasParts,
  type ArchiveSpec,
  type DatasetSpec,
  type ManifestSpec,
  type TableSpec,
} from '../domain/dataset-spec.ts';
import { createArchiveSource } from './archive/archive-source.ts';
import type { ByteFiles } from './bytes/byte-file.ts';
import { LOCAL_FILES } from './bytes/local-files.ts';
import { createFailedSource } from './failed/failed-source.ts';
import { createFilesSource, type FilesSourceOptions } from './files/files-source.ts';
import { createObjectsSource } from './files/objects-source.ts';
import { createCsvList } from './csv/csv-list.ts';
import { createCsvSource } from './csv/csv-source.ts';
import { createJsonlSource } from './jsonl/jsonl-source.ts';
import { createInlineSource } from './inline/inline-source.ts';
import { createManifestSource } from './manifest/manifest-source.ts';
import { createSageMakerSource } from './manifest/sagemaker-source.ts';
import { createParquetSource } from './parquet/parquet-source.ts';
import { tableOfPart } from './parts/part-table.ts';
import { createPartsSource, type PartSource } from './parts/parts-source.ts';
import { isObjectUrl } from '../stores/object-url.ts';
import type { Stores } from '../stores/stores.ts';
import { FOLDER_OUTPUTS } from '../storage/outputs.ts';
import type { Outputs } from '../storage/output.ts';
import { listRows } from './open-slice.ts';
import type { DatasetSource } from './source.ts';
import { createUrlsSource } from './urls/urls-source.ts';

export interface DatasetOptions extends FilesSourceOptions {
  /** Needed for datasets in object stores. */
  readonly stores?: Pick<Stores, 'listing'>;
  /** Tells which stored objects to skip, by URL. The default skips none. */
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
      return openManifest(spec, files);
    case 'jsonl':
    case 'csv':
    case 'parquet': {
      const source = hasParts(spec)
        ? createPartsSource(spec, { files, listFiles: (of) => openDataset(of, options), openTable })
        : openTable(spec, spec.needs === undefined ? files : checkedFiles(spec, files));
      // Names need no fields.
      return withNames(spec.type === 'parquet' ? { ...spec, fields: [] } : spec, source, files);
    }
    case 'archive':
      return withNames(
        spec,
        createArchiveSource(spec, files, (of) => openDataset(of, options)),
        files,
      );
    case 'failed':
      return createFailedSource(spec, outputs.of(spec.folder), (of) => openDataset(of, options));
  }
}

function openManifest(spec: ManifestSpec, files: ByteFiles): DatasetSource {
  const { path, list } = spec;
  switch (list?.format) {
    case undefined:
      return createManifestSource(spec, files);
    case 'csv':
      return createCsvList({ ...list, path }, files);
    case 'sagemaker':
      return createSageMakerSource({ ...list, path }, files);
  }
}

/** Opens a table in one file. */
function openTable(spec: TableSpec, files: ByteFiles, nameOf?: (row: number) => string): PartSource {
  switch (spec.type) {
    case 'jsonl':
      return createJsonlSource(spec, files, nameOf);
    case 'csv':
      return createCsvSource(spec, files, nameOf);
    case 'parquet':
      return createParquetSource(spec, files, nameOf);
  }
}

/** Checks the file whenever it is opened, because the submit has not seen its columns. */
function checkedFiles(spec: TableSpec, files: ByteFiles): ByteFiles {
  return {
    ...files,
    async open(path, signal) {
      const file = await files.open(path, signal);
      try {
        await tableOfPart(spec, path, file, signal);
        return file;
      } catch (error) {
        await file.close();
        throw error;
      }
    },
  };
}

/** For datasets with slices. `spec`: what is read to find the names. */
function withNames(
  spec: TableSpec | ArchiveSpec,
  source: Omit<DatasetSource, 'names'>,
  files: ByteFiles,
): DatasetSource {
  return { ...source, names: async (slice, signal) => listRows(files, spec, slice, signal) };
}
