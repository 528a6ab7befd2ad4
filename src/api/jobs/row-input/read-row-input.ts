/**
 * Reads what a job's row was made of: the bytes of its file, or its record as JSON. The rules of the workers for input
 * roots, links, tenants, addresses and sizes apply.
 */
import { closeSync } from 'node:fs';
import type { MemberLimits } from '../../../shared/datasets/archive/entry.ts';
import type { ByteFiles } from '../../../shared/datasets/bytes/byte-file.ts';
import { parseRecord, textOf } from '../../../shared/datasets/jsonl/parse-record.ts';
import { locateRow } from '../../../shared/datasets/locate.ts';
import { readSliceRow } from '../../../shared/datasets/open-slice.ts';
import type { RowRecord } from '../../../shared/datasets/slice-rows.ts';
import type { RowLocation } from '../../../shared/datasets/source.ts';
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import type { ModelRef } from '../../../shared/domain/model/model-config.ts';
import { contentVersion } from '../../../shared/delta/content-version.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { fileVersion } from '../../../shared/files/file-version.ts';
import type { InputFolders } from '../../../shared/files/input-folders.ts';
import { checkRowSize } from '../../../shared/rows/check-row-size.ts';
import { createAllowedOpener } from '../../../shared/rows/open-file.ts';
import { readBlob } from '../../../shared/rows/read-blob.ts';
import { readOpened } from '../../../shared/rows/read-file.ts';
import { recordInput } from '../../../shared/rows/record-input.ts';
import { createRootGuess } from '../../../shared/rows/root-guess.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { createObjectRule, type ObjectRoots } from '../../../shared/stores/object-roots.ts';
import { isObjectUrl } from '../../../shared/stores/object-url.ts';
import type { Stores } from '../../../shared/stores/stores.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import { createRecent } from './recent.ts';
import { createFindRow, otherRow, type FindRowDeps, type FoundRow } from './find-row.ts';

export interface RowInput {
  readonly bytes: Uint8Array;
  /** A record is JSON text. */
  readonly is: 'file' | 'record';
  /** It is known to be what the job computed. */
  readonly isSame: boolean;
}

export interface RowInputDeps extends FindRowDeps, ObjectRoots, MemberLimits {
  readonly stores: Pick<Stores, 'of'>;
  readonly files: ByteFiles;
  /** Where paths of rows may be. */
  readonly inputRoots: readonly string[];
  /** Where files may be, and so where links may lead. */
  readonly linkFolders: InputFolders;
  /** What the model reads from a row. Null: the model is gone. */
  readonly kindOf: (model: ModelRef) => Promise<RowKind | null>;
}

/** Rejects as FindRow does, or with the code of the row's error. */
export type ReadRowInput = (job: JobRecord, index: number, signal: AbortSignal) => Promise<RowInput>;

const KEPT_KINDS = 32;

export function createReadRowInput(deps: RowInputDeps): ReadRowInput {
  const { files, stores, maxFileBytes, maxFetchRatio } = deps;
  const findRow = createFindRow(deps);
  const openAllowed = createAllowedOpener({ ...deps.linkFolders, maxFileBytes });
  const liesUnderRoot = createRootGuess(deps.inputRoots);
  const mayReadObject = createObjectRule(deps);
  /** Remembered, because each lookup surveys all models. */
  const kinds = createRecent<Promise<RowKind | null>>(KEPT_KINDS);

  async function readFile(path: string, tenant: string, found: FoundRow): Promise<RowInput> {
    if (!liesUnderRoot(path)) throw outside(path);
    const file = openAllowed(path, tenant);
    try {
      const known = found.stamp;
      if (known !== null && known !== fileVersion(file.stamp)) throw changed(found.row.id);
      return { bytes: await readOpened(file), is: 'file', isSame: known !== null };
    } finally {
      closeSync(file.fd);
    }
  }

  async function readUrl(
    { url, version }: Extract<RowLocation, { kind: 'url' }>,
    tenant: string,
    signal: AbortSignal,
  ): Promise<RowInput> {
    if (isObjectUrl(url) && !mayReadObject(url, tenant)) throw outside(url);
    const bytes = await (await stores.of(url)).read(url, { signal, version });
    return fileOf(bytes, version !== undefined);
  }

  function fileOf(bytes: Uint8Array, isSame: boolean): RowInput {
    checkRowSize(bytes.length, maxFileBytes);
    return { bytes, is: 'file', isSame };
  }

  function outside(place: string): ForebayError {
    return new ForebayError('path_not_allowed', `${place} is not under an input root.`);
  }

  return async function readRowInput(job, index, signal) {
    const found = await findRow(job, index, signal);
    const { tenant, model } = job.spec;

    async function ofRecord(record: RowRecord, base: string | null): Promise<RowInput> {
      const { id } = found;
      if (id !== null && record.id !== null && sinkOf(job.spec).storedId(record.id) !== id) {
        throw otherRow(index, id, record.id);
      }
      if (!record.ok) throw new ForebayError(record.code ?? 'invalid_row', record.why);
      const input = recordInput(
        record,
        (await kinds.of(model.hash, async () => deps.kindOf(model))) ?? kindIn(record.fields),
        base,
      );
      switch (input.is) {
        case 'bad':
          throw new ForebayError(input.error.code, input.error.message);
        case 'record': {
          const bytes = Buffer.from(input.json);
          checkRowSize(bytes.length, maxFileBytes);
          return { bytes, is: 'record', isSame: found.isSame };
        }
        case 'bytes':
          return fileOf(input.bytes, found.isSame);
        case 'elsewhere':
          return readAt(input.location);
      }
    }

    async function readAt(place: RowLocation): Promise<RowInput> {
      switch (place.kind) {
        case 'invalid':
          throw new ForebayError('invalid_row', place.reason);
        case 'file':
          return readFile(place.path, tenant, found);
        case 'url':
          return readUrl(place, tenant, signal);
        case 'blob':
          checkRowSize(place.length, maxFileBytes);
          // A job's spool never changes.
          return fileOf(await readBlob(place), true);
        case 'record': {
          checkRowSize(place.length, maxFileBytes);
          const read = await ofRecord(parseRecord(textOf(await readBlob(place)), 'the record'), null);
          return read.is === 'record' ? { ...read, isSame: true } : read;
        }
        case 'table_row':
          return ofRecord(
            (await readSliceRow(files, place.table, place.ref, signal)).record,
            place.table.base,
          );
        case 'archive_row': {
          const limits = { maxFileBytes, maxFetchRatio };
          const { record } = await readSliceRow(files, place.archive, place.ref, signal, limits);
          return ofRecord(record, place.archive.base);
        }
      }
    }
    return withContent(await readAt(locateRow(found.dataset, found.row)), found);
  };
}

/** Compares the content with what a worker has read, if the job has recorded that. */
function withContent(input: RowInput, { content, dataset, row }: FoundRow): RowInput {
  if (content === null) return input;
  // What follows the dot is the version of joined columns.
  const [known] = content.split('.');
  const text = input.is === 'record' ? Buffer.from(input.bytes).toString().trim() : input.bytes;
  if (contentVersion(text) === known) return { ...input, isSame: true };
  // The version of a record may be that of the record, of the file that it names, or of both.
  if (dataset.type === 'files' || dataset.type === 'urls') throw changed(row.id);
  return input;
}

/** Guesses the kind of a model that is no longer known. */
function kindIn(fields: Readonly<Record<string, unknown>>): RowKind {
  return fields['image'] !== undefined ? 'image' : fields['audio'] !== undefined ? 'audio' : 'features';
}

function changed(id: string): ForebayError {
  return new ForebayError(
    'dataset_changed',
    `The file "${id}" has changed since the job read it, so it is not what the job computed.`,
  );
}
