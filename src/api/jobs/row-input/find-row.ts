/**
 * Finds the row of the dataset that a row of a job was made from. The index of parts (docs/adr/0037) has the row's place
 * in the output, but no reference to the dataset. So the dataset may have to be read up to the row.
 */
import { givenOf, hasParts, isTable, type GivenDataset } from '../../../shared/domain/dataset-spec.ts';
import type { JobRecord, JobSpec } from '../../../shared/domain/job/job.ts';
import { recordedVersions } from '../../../shared/domain/row-versions.ts';
import type { RowRef } from '../../../shared/domain/row.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import type { Outputs } from '../../../shared/storage/output.ts';
import { shownPath } from '../../../shared/stores/remote-url.ts';
import type { DatasetSource } from '../../../shared/datasets/source.ts';
import { createDatasetPlaces } from './dataset-places.ts';
import { createRecordedRows } from './recorded-rows.ts';

export interface FoundRow {
  /** The dataset of the row. For a retry, the dataset of the first job. */
  readonly dataset: GivenDataset;
  readonly row: RowRef;
  /** The size and time of the file, or the ETag of the object, that a worker has read. Null: it is not known. */
  readonly stamp: string | null;
  /** The hash of what a worker has read. Null: it is not known. */
  readonly content: string | null;
  /** The id in the output, as the output's format stores it. Null: the row has no result yet. */
  readonly id: string | null;
  /** The dataset is known not to have changed since the job read it. */
  readonly isSame: boolean;
}

export interface FindRowDeps {
  readonly outputs: Outputs;
  readonly openDataset: (spec: Pick<JobSpec, 'dataset' | 'tenant'>) => DatasetSource;
  readonly window: Pick<JobWindow, 'position'>;
}

/**
 * Rejects with ForebayError `not_found` if there is no such row, `dataset_changed` if the dataset has other rows now, or as
 * reading the output or the dataset does.
 */
export type FindRow = (job: JobRecord, index: number, signal: AbortSignal) => Promise<FoundRow>;

export function createFindRow({ outputs, openDataset, window }: FindRowDeps): FindRow {
  const recordedRow = createRecordedRows(outputs);
  const places = createDatasetPlaces();

  return async function findRow(job, index, signal) {
    const { spec, total } = job;
    const isRetry = spec.dataset.type === 'failed';
    const dataset = givenOf(spec.dataset);
    if (!isRetry && total !== null && index >= total) throw noRow(spec.id, index);
    const recorded = await recordedRow(job, index, signal);
    const id = recorded?.id ?? null;
    const by = recordedVersions(spec);
    const stamp = by === 'stamp' ? (recorded?.version ?? null) : null;
    const content = by === 'content' ? (recorded?.version ?? null) : null;
    if (dataset.type === 'files' || dataset.type === 'urls') {
      // The id is the location. Finding it by index would mean listing the whole folder again.
      if (id === null) throw notFinished(spec.id, index);
      const at = dataset.type === 'files' ? (stamp ?? undefined) : undefined;
      return { dataset, row: { id, at }, stamp, content, id, isSame: false };
    }
    const placed = await places.find(spec.id, openDataset({ dataset, tenant: spec.tenant }), index, signal);
    if (placed === null) throw noRow(spec.id, index);
    const { row } = placed;
    const listed = placed.version === null ? sinkOf(spec).storedId(row.id) : null;
    if (id !== null && listed !== null && listed !== id) throw otherRow(index, id, row.id);
    const isSame = isRetry ? false : await isUnchanged(spec, dataset, placed.version);
    return { dataset, row, stamp: null, content, id, isSame };
  };

  /** A table in one file. The cursor of the job ends with the version of the file that the job has read. */
  async function isUnchanged(spec: JobSpec, dataset: GivenDataset, version: string | null): Promise<boolean> {
    if (version === null || !isTable(dataset) || hasParts(dataset)) return false;
    const { cursor } = await window.position(spec.id);
    if (cursor === null) return false;
    if (cursor.at.endsWith(version)) return true;
    throw new ForebayError(
      'dataset_changed',
      `${shownPath(dataset.path)} has changed since job ${spec.id} read it, so the row is not the one that the job computed.`,
    );
  }
}

export function otherRow(index: number, then: string, now: string): ForebayError {
  return new ForebayError(
    'dataset_changed',
    `The dataset has changed since the job read it: row ${index} was "${then}" and is now "${now}".`,
  );
}

function noRow(job: string, index: number): ForebayError {
  return new ForebayError('not_found', `Job ${job} has no row ${index}. Rows count from 0.`);
}

function notFinished(job: string, index: number): ForebayError {
  return new ForebayError(
    'not_found',
    `Row ${index} of job ${job} has no result yet, so its input is not known. Ask again when its block is done.`,
  );
}
