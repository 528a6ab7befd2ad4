/**
 * Writes a job's manifest.json after all parts, in constant memory. Then writes _SUCCESS if the job has completed. Both
 * are staged in the feeder's own folder, and renamed once they are complete.
 */
import { mkdir, open, rename, writeFile, type FileHandle } from 'node:fs/promises';
import { firstPart, type JobFailure, type JobRecord, type JobSpec } from '../../../shared/domain/job/job.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import { LeaseLost } from '../../../shared/queue/jobs/lease.ts';
import type { WorkerRegistry } from '../../../shared/queue/workers/worker-registry.ts';
import { isProven, placeErrors, proofOf } from '../../../shared/storage/adopt-block.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { outputFolder, partName, SUCCESS_NAME } from '../../../shared/storage/output-folder.ts';
import type { ManifestPart } from '../../../shared/storage/read-manifest.ts';
import { readBlock, type PublishedBlock } from '../../../shared/storage/read-part.ts';
import { inFolderNoFollow } from '../../../shared/storage/no-follow.ts';
import { discardStaged, discardStagedParts } from '../../../shared/storage/staging.ts';
import { earlierJobs, earlierParts, partEntry } from './earlier-parts.ts';
import { isMissing } from '../../../shared/files/is-missing.ts';
import { endOf, manifestMembers } from './manifest-members.ts';

/** How a job ended according to its manifest, and the bytes of its parts. */
export interface Described {
  readonly ended: JobRecord;
  readonly bytes: number;
}

/** The manifest is written in chunks of about this many characters. */
const FLUSH_CHARS = 1 << 16;
/** Parts read at once: enough to hide the storage's latency. Each holds a block in memory. */
const READ_AT_ONCE = 8;

export interface ManifestSources {
  readonly jobs: Pick<JobStore, 'committed' | 'mustGet' | 'stats'>;
  readonly window: Pick<JobWindow, 'announced' | 'commitFound' | 'holdsLease' | 'position'>;
  readonly workers: Pick<WorkerRegistry, 'batchInvariance'>;
}

export function createManifestWriter(deps: ManifestSources) {
  const { jobs, window } = deps;

  /** Parts of all committed blocks, in order. Also counts parts whose run died before its commit. */
  async function* parts(record: JobRecord, lease: string) {
    const { id, output } = record.spec;
    const sink = sinkOf(record.spec);
    const offset = firstPart(record.spec);
    const { nextBlock } = await window.position(id);
    for (let first = 0; first < nextBlock; first += READ_AT_ONCE) {
      const blocks = Array.from({ length: Math.min(READ_AT_ONCE, nextBlock - first) }, (_, i) => first + i);
      const committed = await jobs.committed(id, blocks);
      const found = await Promise.all(
        blocks.map(async (block, i) =>
          committed[i] && record.failed === 0
            ? readBlock(output, offset + block, sink, false)
            : readWhole(record.spec, offset + block),
        ),
      );
      for (const [i, block] of blocks.entries()) {
        const part = found[i]!;
        if (part && !committed[i]) {
          const proof = proofOf(record.spec, await window.announced(id, block));
          if (!isProven(part, proof)) continue;
          await window.commitFound(id, block, lease, part.counts, {});
        }
        if (part || committed[i]) yield { number: offset + block, found: part };
      }
    }
  }

  /**
   * Counts a retry's own parts before any part is listed. The earlier parts come first in the list, and their entries
   * say how many of their failed rows the retry has answered.
   */
  async function countAll(record: JobRecord, lease: string): Promise<void> {
    if (record.spec.dataset.type !== 'failed') return;
    for await (const _ of parts(record, lease));
  }

  /** Writes the manifest's `parts`. Returns the job's failure and the bytes of its own parts. */
  async function writeParts(
    file: FileHandle,
    record: JobRecord,
    lease: string,
  ): Promise<{ failure: JobFailure | null; bytes: number }> {
    const { spec } = record;
    const { format } = sinkOf(spec);
    let failure = record.error;
    let bytes = 0;
    const list = createListWriter(file);
    for await (const part of earlierParts(spec, jobs)) await list.add(part);
    for await (const { number, found } of parts(record, lease)) {
      if (!found) {
        failure ??= {
          code: 'storage_unavailable',
          message: `${partName(number, format)} was written but is gone. Somebody has changed the output folder. Run the job again.`,
        };
        continue;
      }
      bytes += found.partBytes;
      await list.add(partEntry(number, format, found));
    }
    await list.flush();
    return { failure, bytes };
  }

  /** `record`: the record of a job whose window is empty. Throws LeaseLost. */
  return async function writeManifest(record: JobRecord, lease: string): Promise<Described> {
    const { spec } = record;
    // Without their staged files, late runs cannot publish parts after the parts are listed.
    await discardStaged(spec.output, { job: spec.id, lease });
    await discardStagedParts(spec.output, spec.id);
    const own = outputFolder(spec.output).stagingOfFeeder(spec.id, lease);
    await mkdir(own, { recursive: true });
    if (!(await window.holdsLease(spec.id, lease))) throw new LeaseLost(spec.id);
    await countAll(record, lease);
    const before = await earlierJobs(spec);
    return inFolderNoFollow(own, async (at) => {
      const file = await open(`${at}/manifest.json`, 'w');
      let described: Described;
      try {
        const version = spec.retry_of === null ? 1 : 2;
        await file.write(`{\n"version":${version},\n"parts":[`);
        const { failure, bytes } = await writeParts(file, record, lease);
        const ended = { ...(await jobs.mustGet(spec.id)), error: failure };
        // The workers that ran the last blocks are most likely still alive.
        const invariance = await deps.workers.batchInvariance(spec.model);
        const members = manifestMembers(ended, { invariance, before, stats: await jobs.stats(spec.id) });
        await file.write(`\n],\n${asMembers(members)}\n}\n`);
        await file.sync();
        described = { ended, bytes };
      } finally {
        await file.close();
      }
      const root = `${at}/../../..`;
      const isComplete = endOf(described.ended) === 'completed';
      // An attempt of this job to end may have come further, and found all parts. A retry is no reason to remove the file.
      if (!isComplete && spec.retry_of === null) {
        await rename(`${root}/${SUCCESS_NAME}`, `${at}/${SUCCESS_NAME}`).catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
      }
      await rename(`${at}/manifest.json`, `${root}/manifest.json`);
      if (isComplete) {
        await writeFile(`${at}/${SUCCESS_NAME}`, '');
        await rename(`${at}/${SUCCESS_NAME}`, `${root}/${SUCCESS_NAME}`);
      }
      return described;
    });
  };
}

/** Writes the items of a JSON array, one per line. */
function createListWriter(file: FileHandle) {
  let text = '';
  let first = true;
  return {
    async add(part: ManifestPart): Promise<void> {
      text += `${first ? '' : ','}\n${JSON.stringify(part)}`;
      first = false;
      if (text.length > FLUSH_CHARS) await this.flush();
    },
    async flush(): Promise<void> {
      await file.write(text);
      text = '';
    },
  };
}

/** Reads a block's part. Links its errors to their final name if the run died before it could do so. */
async function readWhole(spec: JobSpec, part: number): Promise<PublishedBlock | null> {
  const { id, output } = spec;
  const sink = sinkOf(spec);
  const found = await readBlock(output, part, sink);
  if (!found || found.errorsHash !== null) return found;
  return (await placeErrors(output, id, part, found.partHash)) ? readBlock(output, part, sink) : found;
}

function asMembers(members: Record<string, unknown>): string {
  return Object.entries(members)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n');
}
