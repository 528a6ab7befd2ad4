/** Which versions of its rows a job records beside its parts, for a later delta job (docs/adr/0032). */
import { hasVersions, isTable } from './dataset-spec.ts';
import type { JobSpec } from './job/job.ts';

/** `stamp`: size and time of a file, or the ETag of an object. `content`: a hash. */
export type RowVersions = 'stamp' | 'content';

/** Null: none. */
export function recordedVersions({
  dataset,
  options,
}: Pick<JobSpec, 'dataset' | 'options'>): RowVersions | null {
  if (options.row_versions !== null) return options.row_versions === 'none' ? null : 'content';
  return hasVersions(dataset) ? 'stamp' : null;
}

/** Whether the dataset's blocks are slices, whose rows only a worker reads. */
export function hasSlices(dataset: { readonly type: string }): boolean {
  return isTable(dataset) || dataset.type === 'archive';
}
