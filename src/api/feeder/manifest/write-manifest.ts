/**
 * Writes a job's manifest.json after all parts, in constant memory. Then writes _SUCCESS if the job has completed.
 */
import { SORT_IN_TMP, type IdJoinOptions } from '../../../shared/delta/id-join.ts';
import { addsFiles } from '../../../shared/domain/job/compaction.ts';
import type { JobFailure, JobRecord } from '../../../shared/domain/job/job.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import type { WorkerRegistry } from '../../../shared/queue/workers/worker-registry.ts';
import { addCodes } from '../../../shared/domain/part-record.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import type { Output, Outputs, OwnedFiles } from '../../../shared/storage/output.ts';
import type { OutputJob } from '../../../shared/storage/output-jobs.ts';
import { MANIFEST_NAME, PART_PREFIX, partName, SUCCESS_NAME } from '../../../shared/storage/output-names.ts';
import { ownFiles } from '../../jobs/output/own-files.ts';
import { endsCompacted, writeCompacted } from '../compaction/write-compacted.ts';
import { describedParts, type DescribedPartsDeps } from './described-parts.ts';
import { earlierJobs, earlierParts, partEntry } from './earlier-parts.ts';
import { outdatedIndexes } from './outdated-indexes.ts';
import { withVanished, type VanishedRows } from './list-vanished.ts';
import { createListWriter, type AddText } from './list-writer.ts';
import { endOf, manifestMembers } from './manifest-members.ts';

/** How a job ended according to its manifest, and the bytes of its parts. */
export interface Described {
  readonly ended: JobRecord;
  readonly bytes: number;
}

export interface ManifestSources {
  readonly jobs: Pick<JobStore, 'committed' | 'mustGet' | 'setErrors' | 'setVanished' | 'stats'>;
  readonly window: DescribedPartsDeps['window'] & Pick<JobWindow, 'holdsLease'>;
  readonly workers: Pick<WorkerRegistry, 'batchInvariance'>;
  readonly outputs: Outputs;
  /** Where the search for vanished rows sorts. Default: the temporary folder. */
  readonly sort?: IdJoinOptions;
}

export function createManifestWriter(deps: ManifestSources) {
  const { jobs, window, outputs, sort = SORT_IN_TMP } = deps;

  /**
   * Counts a retry's own parts before any part is listed. The earlier parts come first in the list, and their entries
   * say how many of their failed rows the retry has answered.
   */
  async function countAll(output: Output, record: JobRecord, lease: string): Promise<void> {
    if (record.spec.dataset.type !== 'failed') return;
    for await (const _ of describedParts(deps, output, record, lease));
  }

  /** Writes the manifest's `parts`. Returns the job's failure, and the bytes and failed rows of its own parts. */
  async function writeParts(
    add: AddText,
    output: Output,
    record: JobRecord,
    lease: string,
    vanished: VanishedRows | null,
  ): Promise<{ failure: JobFailure | null; bytes: number; codes: ReadonlyMap<string, number> }> {
    const { spec } = record;
    const { format } = sinkOf(spec);
    let failure = record.error;
    let bytes = 0;
    const codes = new Map<string, number>();
    const list = createListWriter(add);
    for await (const part of earlierParts(output, spec, jobs)) await list.add(part);
    for await (const { number, record: part } of describedParts(deps, output, record, lease)) {
      if (part === null) {
        failure ??= {
          code: 'storage_unavailable',
          message: `${partName(number, format)} was written but is gone. Somebody has changed the output folder. Run the job again.`,
        };
        continue;
      }
      bytes += part.bytes;
      addCodes(codes, part);
      const entry = partEntry(number, format, part);
      await vanished?.after(number, entry);
      await list.add(entry);
    }
    await list.flush();
    return { failure, bytes, codes };
  }

  /**
   * Writes vanished.jsonl from the records of the parts. Call it before the manifest lists files, because nobody reads
   * the parts after that.
   */
  async function listVanished(
    output: Output,
    record: JobRecord,
    lease: string,
    files: OwnedFiles,
  ): Promise<void> {
    const { spec } = record;
    await withVanished(record, { output, outputs, files, sort }, async (vanished) => {
      if (vanished === null) return;
      for await (const { number, record: part } of describedParts(deps, output, record, lease)) {
        if (part !== null) await vanished.after(number, partEntry(number, sinkOf(spec).format, part));
      }
      await jobs.setVanished(spec.id, lease, await vanished.end());
    });
  }

  async function membersOf(ended: JobRecord, before: readonly OutputJob[]): Promise<Record<string, unknown>> {
    const { id, model } = ended.spec;
    // The workers that ran the last blocks are most likely still alive.
    const invariance = await deps.workers.batchInvariance(model);
    return manifestMembers(ended, { invariance, before, stats: await jobs.stats(id) });
  }

  /** `record`: the record of a job whose window is empty. Throws LeaseLost. */
  return async function writeManifest(record: JobRecord, lease: string): Promise<Described> {
    const { spec } = record;
    const output = outputs.of(spec.output);
    return output.asOwner(ownerOf(window, spec.id, lease), async (files) => {
      // Without their staged files, late runs cannot publish parts after the parts are listed.
      await output.discardStagedParts(spec.id);
      const before = await earlierJobs(output, spec);
      if (endsCompacted(record)) {
        const bytes = await writeCompacted(output, record, files, async (compact) => {
          await listVanished(output, record, lease, files);
          return asMembers({ ...(await membersOf(await jobs.mustGet(spec.id), before)), compact });
        });
        return { ended: record, bytes };
      }
      if (record.filePlan !== null) await files.remove(await ownFiles(output, spec));
      if (addsFiles(spec)) return keepFiles(output, record, files);
      await countAll(output, record, lease);
      const describe = async (vanished: VanishedRows | null) =>
        files.replace(MANIFEST_NAME, async (add) => {
          const version = spec.retry_of === null ? 1 : 2;
          await add(`{\n"version":${version},\n"parts":[`);
          const { failure, bytes, codes } = await writeParts(add, output, record, lease, vanished);
          // Workers of an older version commit without counting errors by code.
          await jobs.setErrors(spec.id, lease, codes);
          if (vanished !== null) await jobs.setVanished(spec.id, lease, await vanished.end());
          const ended = { ...(await jobs.mustGet(spec.id)), error: failure };
          await add(`\n],\n${asMembers(await membersOf(ended, before))}\n}\n`);
          // An earlier attempt to end this job may have found all parts and written the file. A retry keeps the file.
          if (endOf(ended) !== 'completed' && spec.retry_of === null) await files.remove([SUCCESS_NAME]);
          return { ended, bytes };
        });
      const described = await withVanished(record, { output, outputs, files, sort }, describe);
      const isComplete = endOf(described.ended) === 'completed';
      const kept = [...before.map(({ job }) => job), spec.id];
      await files.remove(await outdatedIndexes(output, spec.id, kept, isComplete));
      if (isComplete) await files.replace(SUCCESS_NAME, async () => {});
      return described;
    });
  };
}

/** The job as the owner of its output, as long as it holds the lease. */
export function ownerOf(window: ManifestSources['window'], job: string, lease: string) {
  return { job, lease, holdsLease: async () => window.holdsLease(job, lease) };
}

/**
 * Ends a retry that has not added its files. The earlier manifest is still valid. The parts of the retry stay, so that
 * it can be resumed.
 */
async function keepFiles(output: Output, record: JobRecord, files: OwnedFiles): Promise<Described> {
  let bytes = 0;
  for await (const part of output.list(PART_PREFIX)) bytes += part.bytes;
  await files.replace(SUCCESS_NAME, async () => {});
  return { ended: record, bytes };
}

function asMembers(members: Record<string, unknown>): string {
  return Object.entries(members)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n');
}
