/**
 * Turns a row's reference into the input of a lane: bytes, the JSON of a record, or the path of a local file that the
 * lane may open. A failure affects only its row (G3). Knows nothing of queues, batches or models.
 */
import { contentVersion } from '../../../shared/delta/content-version.ts';
import { parseRecord, textOf } from '../../../shared/datasets/jsonl/parse-record.ts';
import type { ByteFiles } from '../../../shared/datasets/bytes/byte-file.ts';
import { joinedOfJson } from '../../../shared/datasets/join/raw-join.ts';
import { locateRow } from '../../../shared/datasets/locate.ts';
import { readSliceRow, type SliceRow } from '../../../shared/datasets/open-slice.ts';
import type { RowRecord } from '../../../shared/datasets/slice-rows.ts';
import type { RowLocation } from '../../../shared/datasets/source.ts';
import { joinOf, type DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import type { RowError, RowRef } from '../../../shared/domain/row.ts';
import { ForebayError, messageOf, type ErrorCode } from '../../../shared/errors.ts';
import { createObjectRule } from '../../../shared/stores/object-roots.ts';
import { isObjectUrl } from '../../../shared/stores/object-url.ts';
import type { FileStamp } from '../../../shared/files/file-version.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import type { LaneInput } from '../../lane/messages.ts';
import { readBlob } from '../../../shared/rows/read-blob.ts';
import { recordInput } from '../../../shared/rows/record-input.ts';
import type { FileReader } from '../../../shared/rows/read-file.ts';
import { createRootGuess } from '../../../shared/rows/root-guess.ts';
import { versionOf } from './row-versions.ts';
import { NO_OUTAGES, StoreOutage, type OutageCheck } from './store-outage.ts';

/** A row to fetch. Its bytes stay in this process until the row is answered. */
type Fetched = Exclude<RowLocation, { kind: 'invalid' }>;

interface Placed {
  /** Where the row is in the file of its table, if `error`, or that of a lane, does not say so. See FileRows. */
  readonly place?: string;
}

export type RowRead =
  | ({
      readonly ok: true;
      readonly input: LaneInput;
      readonly bytes: number;
      /** The columns that go to the output, as a JSON object. Absent: the row was not read for them. */
      readonly joined?: Uint8Array;
      /** By content. Absent: it is not wanted, or only the lane that opens the file knows it. */
      readonly version?: string;
      /** Of a local file that was read here. Absent: none was read, or its content may change without a new stamp. */
      readonly stamp?: FileStamp;
    } & Placed)
  | ({ readonly ok: false; readonly error: RowError } & Placed);

/** The dataset of a job or a sample, its owner, and what the model's task needs of a row. */
export interface RowsOf {
  readonly dataset: DatasetSpec;
  readonly tenant: string;
  readonly input: RowKind;
  /** Whether to compute the versions of rows, by their content. */
  readonly versions?: boolean;
  /** Whether to read local files here, instead of leaving them to a lane. */
  readonly wholeFiles?: boolean;
}

export interface RowReader {
  /**
   * Returns the row if nothing has to be fetched: a lane will open the file, or the reference is bad. Otherwise returns
   * the location to fetch. A path below a root needs no system call here, because the lane checks the file that it
   * opens.
   */
  locate(rows: RowsOf, ref: RowRef): RowRead | { readonly fetch: Fetched };
  /** The same for a record that has been read. */
  locateRecord(rows: RowsOf, record: RowRecord, base: string | null): RowRead | { readonly fetch: Fetched };
  /** Rejects only with StoreOutage, or with the signal's reason when aborted. */
  fetch(rows: RowsOf, location: Fetched, signal: AbortSignal): Promise<RowRead>;
}

export interface RowReaderOptions {
  /** Reads the bytes at an http, https, s3 or az URL. `version`: see ReadOptions in store.ts. */
  readonly fetchBytes: (url: string, signal: AbortSignal, version?: string) => Promise<Uint8Array>;
  readonly files: ByteFiles;
  /** Needed for `wholeFiles`. */
  readonly readFile?: FileReader;
  /** Default: every failure of a store is a failure of its row. */
  readonly outages?: OutageCheck;
  /** Absolute folders below which local files may be read. */
  readonly inputRoots: readonly string[];
  /** Prefixes of S3 and Azure below which objects may be read. Default: none. */
  readonly objectRoots?: readonly string[];
  /** Prefixes of S3 and Azure with results, which are their tenant's own. Default: none. */
  readonly objectOutputRoots?: readonly string[];
  /** Largest payload, bytes. */
  readonly maxFileBytes: number;
  /** Largest member of an archive, as a multiple of its compressed size. */
  readonly maxFetchRatio: number;
}

export function createRowReader(options: RowReaderOptions): RowReader {
  const { fetchBytes, files, inputRoots, objectRoots = [], maxFileBytes, maxFetchRatio } = options;
  const { outages = NO_OUTAGES } = options;
  const mayReadObject = createObjectRule({ ...options, objectRoots });
  const liesUnderRoot = createRootGuess(inputRoots);

  /** Rows wait during an outage of the operator's own store. They do not wait for a web server, which users choose. */
  async function reading<T>(place: string, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    return isObjectUrl(place) ? outages.run(place, signal, read) : read();
  }

  async function open(rows: RowsOf, location: Fetched, signal: AbortSignal): Promise<RowRead> {
    if (location.kind === 'url') {
      const { url, version } = location;
      const bytes = await reading(url, signal, async () => fetchBytes(url, signal, version));
      return ofContent(bytes, rows);
    }
    if (location.kind === 'file') {
      const { bytes, stamp } = await options.readFile!(location.path, rows.tenant);
      const read = ofContent(bytes, rows);
      return read.ok && stamp !== undefined ? { ...read, stamp } : read;
    }
    if (location.kind === 'table_row') {
      const { table, ref } = location;
      const row = await reading(table.path, signal, async () => readSliceRow(files, table, ref, signal));
      return openRecord(rows, row, table.base, signal);
    }
    if (location.kind === 'archive_row') {
      const { archive, ref } = location;
      const limits = { maxFileBytes, maxFetchRatio };
      const row = await reading(archive.path, signal, async () =>
        readSliceRow(files, archive, ref, signal, limits),
      );
      return openRecord(rows, row, archive.base, signal);
    }
    if (location.length > maxFileBytes) {
      return failed('file_too_large', `${location.length} bytes; the limit is ${maxFileBytes}`);
    }
    const bytes = await readBlob(location);
    if (location.kind === 'blob') return ofBytes(bytes);
    const text = textOf(bytes);
    const join = joinOf(rows.dataset);
    const joined = join !== undefined && text.ok ? Buffer.from(joinedOfJson(text.text, join)) : null;
    const found = locateRecord(rows, parseRecord(text, 'the record'), null);
    return withJoined(await openFound(rows, found, signal), joined);
  }

  /** A row of a slice. Its version is that of the record, and is not known if the record leads to a file elsewhere. */
  async function openRecord(
    rows: RowsOf,
    { record, joined, place }: SliceRow,
    base: string,
    signal: AbortSignal,
  ): Promise<RowRead> {
    const version = rows.versions === true ? versionOf(record, rows.input, joined) : null;
    const found = locateRecord(rows, record, base);
    const read = await attempt(signal, async () => openFound({ ...rows, versions: false }, found, signal));
    return withVersion(withJoined(record.ok ? withPlace(read, place) : read, joined), version);
  }

  async function openFound(
    rows: RowsOf,
    found: ReturnType<RowReader['locate']>,
    signal: AbortSignal,
  ): Promise<RowRead> {
    return 'fetch' in found ? open(rows, found.fetch, signal) : found;
  }

  function outside(place: string): RowRead {
    const roots = [...inputRoots, ...objectRoots].join(', ');
    return failed('path_not_allowed', `${place} is not under an input root (${roots})`);
  }

  function toRead(
    location: RowLocation,
    { tenant, wholeFiles }: RowsOf,
  ): RowRead | { readonly fetch: Fetched } {
    if (location.kind === 'invalid') return failed('invalid_row', location.reason);
    if (location.kind !== 'file') {
      const isRefused =
        location.kind === 'url' && isObjectUrl(location.url) && !mayReadObject(location.url, tenant);
      return isRefused ? outside(location.url) : { fetch: location };
    }
    const { path } = location;
    if (!liesUnderRoot(path)) return outside(path);
    return wholeFiles === true ? { fetch: location } : { ok: true, input: { path, tenant }, bytes: 0 };
  }

  function locateRecord(
    rows: RowsOf,
    record: RowRecord,
    base: string | null,
  ): RowRead | { readonly fetch: Fetched } {
    const input = recordInput(record, rows.input, base);
    switch (input.is) {
      case 'bad':
        return { ok: false, error: input.error };
      case 'record':
        return { ok: true, input: { json: input.json }, bytes: input.json.length };
      case 'bytes':
        return ofBytes(input.bytes);
      case 'elsewhere':
        return toRead(input.location, rows);
    }
  }

  return {
    locate: (rows, ref) => toRead(locateRow(rows.dataset, ref), rows),
    locateRecord,
    async fetch(rows, location, signal) {
      signal.throwIfAborted();
      return attempt(signal, async () => open(rows, location, signal));
    },
  };
}

/** Rejects only with StoreOutage, or with the signal's reason when aborted. */
async function attempt(signal: AbortSignal, read: () => Promise<RowRead>): Promise<RowRead> {
  try {
    return await read();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof StoreOutage) throw error;
    if (error instanceof ForebayError) return failed(ROW_CODES.get(error.code) ?? error.code, error.message);
    return failed('file_unreadable', messageOf(error));
  }
}

/** The version is made from the bytes. */
function ofContent(bytes: Uint8Array, { versions }: RowsOf): RowRead {
  return withVersion(ofBytes(bytes), versions === true ? contentVersion(bytes) : null);
}

function withVersion(read: RowRead, version: string | null): RowRead {
  return read.ok && version !== null ? { ...read, version } : read;
}

function withPlace(read: RowRead, place: string | null): RowRead {
  return place === null ? read : { ...read, place };
}

function withJoined(read: RowRead, joined: Uint8Array | null): RowRead {
  return read.ok && joined !== null ? { ...read, joined } : read;
}

/** Failures of the file that holds a row, as failures of the row. */
const ROW_CODES: ReadonlyMap<ErrorCode, ErrorCode> = new Map([
  ['input_not_found', 'file_not_found'],
  ['input_unreadable', 'file_unreadable'],
  ['storage_unavailable', 'fetch_unavailable'],
]);

function ofBytes(bytes: Uint8Array): RowRead {
  if (bytes.length === 0) return failed('empty_file', 'no bytes at all');
  return { ok: true, input: { bytes }, bytes: bytes.length };
}

function failed(code: ErrorCode, message: string): RowRead & { ok: false } {
  return { ok: false, error: { code, message } };
}
