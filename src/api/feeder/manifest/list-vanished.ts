/** Lists the rows of the earlier output that a delta job has not found, by comparing the rows of both outputs. */
import type { IdJoinOptions } from '../../../shared/delta/id-join.ts';
import { createKeyOf } from '../../../shared/delta/open-delta.ts';
import type { JobRecord, JobSpec } from '../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { BY_INDEX, openEarlierRows, rowsOfPart } from '../../../shared/storage/earlier-rows.ts';
import { VANISHED_NAME } from '../../../shared/storage/output-names.ts';
import type { Output, Outputs, OwnedFiles } from '../../../shared/storage/output.ts';
import type { ManifestPart } from '../../../shared/storage/read-manifest.ts';
import { endOf } from './manifest-members.ts';
import {
  createVanishedLines,
  searchAnyOrder,
  searchInOrder,
  type VanishedSearch,
} from './vanished-search.ts';

export interface VanishedRows {
  /** Call it with each part of the job, in order. `part`: its entry in the manifest. */
  after(number: number, part: ManifestPart): Promise<void>;
  /** Call it after the last part. Returns the number of vanished rows. */
  end(): Promise<number>;
}

interface Places {
  readonly output: Output;
  readonly outputs: Outputs;
  readonly files: Pick<OwnedFiles, 'replace'>;
  readonly sort: IdJoinOptions;
}

/**
 * Calls `work` while vanished.jsonl is being written, and returns its result. Passes null if there is nothing to list:
 * the job is not a complete delta job, or its earlier output is gone. Also passes null for a table with a limit,
 * because a row that was not found may come after the last row that was read.
 */
export async function withVanished<T>(
  record: JobRecord,
  { output, outputs, files, sort }: Places,
  work: (vanished: VanishedRows | null) => Promise<T>,
): Promise<T> {
  const { delta, dataset, options } = record.spec;
  if (delta === undefined || endOf(record) !== 'completed') return work(null);
  if (dataset.type !== 'files' && options.limit !== null) return work(null);
  const keyOf = dataset.type === 'files' ? createKeyOf(dataset) : null;
  const order = keyOf === null ? BY_INDEX : ({ id }: { readonly id: string }) => keyOf(id);
  const earlier = await openEarlierRows(outputs.of(delta.output), delta, order, null, sort).catch(
    nullIfChanged,
  );
  if (earlier === null) return work(null);
  /** The rows end where the earlier output is damaged. The job's own results are complete without the list. */
  const left = { next: async () => earlier.next().catch(nullIfChanged) };
  try {
    return await files.replace(VANISHED_NAME, async (add) => {
      const lines = createVanishedLines(add);
      const search =
        keyOf === null
          ? await searchAnyOrder(left, sort, lines)
          : await searchInOrder(left, keyOf, lines, options.limit === null);
      try {
        return await work(listVanished(record.spec, output, search));
      } finally {
        await search.close();
      }
    });
  } finally {
    await earlier.close();
  }
}

/** The results are complete without the list. */
function nullIfChanged(error: unknown): null {
  if (error instanceof ForebayError && error.code === 'output_changed') return null;
  throw error;
}

function listVanished({ table }: JobSpec, output: Output, search: VanishedSearch): VanishedRows {
  return {
    async after(number, { sha256, errors }) {
      for (const { id } of await rowsOfPart(output, { table }, number, sha256, errors !== null))
        await search.found(id);
    },
    end: async () => search.end(),
  };
}
