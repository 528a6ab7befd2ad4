/**
 * Ends a job: writes manifest.json, last of all files, in constant memory, and makes the final transition.
 * Safe to repeat: a process that dies here is followed by another that does it again. Fenced as the opening is: the
 * manifest is staged in a folder of this feeder's own (take-over-output.ts).
 */
import { mkdir, open, rename } from 'node:fs/promises';
import type { BatchInvariance } from '../../shared/domain/batch-invariance.ts';
import { firstPart, type JobRecord, type JobSpec } from '../../shared/domain/job.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import type { JobWindow } from '../../shared/queue/job-window.ts';
import { ForebayError } from '../../shared/errors.ts';
import { LeaseLost } from '../../shared/queue/lease.ts';
import type { WorkerRegistry } from '../../shared/queue/worker-registry.ts';
import { outputFolder, partName } from '../../shared/storage/output-folder.ts';
import { isProven, placeErrors, proofOf } from '../../shared/storage/adopt-block.ts';
import type { ManifestPart } from '../../shared/storage/read-manifest.ts';
import { readBlock, type PublishedBlock } from '../../shared/storage/read-part.ts';
import { inRealFolder } from '../../shared/storage/real-folder.ts';
import { discardStaged, discardStagedParts, removeStaging } from '../../shared/storage/staging.ts';
import { costsOf } from '../jobs/report/job-costs.ts';
import { jobStateOf } from '../jobs/report/job-state-of.ts';
import type { InputResolver } from '../jobs/create/resolve-input.ts';
import { reportToWire } from '../http/wire/job-report.ts';
import { earlierJobs, earlierParts, partEntry, type OutputJob } from './earlier-parts.ts';

export function createFinaliser(deps: {
  jobs: JobStore;
  window: JobWindow;
  workers: Pick<WorkerRegistry, 'batchInvariance'>;
  spool: Pick<InputResolver, 'discard' | 'spooledBytes'>;
}) {
  const { jobs, window } = deps;

  /** Parts of all committed blocks, in order; a part that no run lived to count is counted here. */
  async function* parts(record: JobRecord, lease: string) {
    const { id, output } = record.spec;
    const offset = firstPart(record.spec);
    const { nextBlock } = await window.position(id);
    for (let first = 0; first < nextBlock; first += READ_AT_ONCE) {
      const blocks = Array.from({ length: Math.min(READ_AT_ONCE, nextBlock - first) }, (_, i) => first + i);
      const committed = await jobs.committed(id, blocks);
      const found = await Promise.all(
        blocks.map(async (block, i) =>
          committed[i] && record.failed === 0
            ? readBlock(output, offset + block, false)
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

  /** Counts the parts of a retry that no run lived to count: what they supersede is told before them. */
  async function countAll(record: JobRecord, lease: string): Promise<void> {
    if (record.spec.dataset.type !== 'failed') return;
    for await (const _ of parts(record, lease));
  }

  /** Writes manifest.json. Returns what it says of the job's end, and the bytes of its parts. */
  async function describe(record: JobRecord, lease: string): Promise<{ ended: JobRecord; bytes: number }> {
    const { spec } = record;
    const paths = outputFolder(spec.output);
    // No run may publish any more: what it staged goes before the parts are listed.
    await discardStaged(spec.output, { job: spec.id, lease });
    await discardStagedParts(spec.output, spec.id);
    const own = paths.stagingOfFeeder(spec.id, lease);
    await mkdir(own, { recursive: true });
    if (!(await window.holdsLease(spec.id, lease))) throw new LeaseLost(spec.id);
    await countAll(record, lease);
    const before = await earlierJobs(spec);
    let failure = record.error;
    let bytes = 0;
    return inRealFolder(own, async (at) => {
      const file = await open(`${at}/manifest.json`, 'w');
      let ended: JobRecord;
      try {
        const version = spec.retry_of === null ? 1 : 2;
        let text = `{\n"version":${version},\n"parts":[`;
        let first = true;
        const list = async (part: ManifestPart) => {
          text += `${first ? '' : ','}\n${JSON.stringify(part)}`;
          first = false;
          if (text.length <= FLUSH_CHARS) return;
          await file.write(text);
          text = '';
        };
        for await (const part of earlierParts(spec, jobs)) await list(part);
        for await (const { number, found } of parts(record, lease)) {
          if (!found) {
            failure ??= {
              code: 'storage_unavailable',
              message: `${partName(number)} was written and is gone: somebody has changed the output folder. Run the job again.`,
            };
            continue;
          }
          bytes += found.partBytes;
          await list(partEntry(number, found));
        }
        ended = { ...(await jobs.mustGet(spec.id)), error: failure };
        // Those that ran the last blocks are alive still, but for an accident.
        const invariance = await deps.workers.batchInvariance(spec.model);
        const report = reportToWire(costsOf(await jobs.stats(spec.id)), jobStateOf(ended, []));
        const status = endOf(ended);
        const members = {
          ...summary(ended, status, invariance),
          ...wholeOutput(ended, status, before),
          ...report,
        };
        await file.write(`${text}\n],\n${asMembers(members)}\n}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(`${at}/manifest.json`, `${at}/../../../manifest.json`);
      return { ended, bytes };
    });
  }

  /** An output that is not the job's, never was or is no more, is left as it is. */
  async function describeOwn(record: JobRecord, lease: string): Promise<{ ended: JobRecord; bytes: number }> {
    if (!record.opened) return { ended: record, bytes: 0 };
    try {
      return await describe(record, lease);
    } catch (error) {
      if (!(error instanceof ForebayError) || error.code !== 'output_changed') throw error;
      const failure = record.error ?? { code: error.code, message: error.message };
      return { ended: { ...record, error: failure }, bytes: 0 };
    }
  }

  /** `record`: of a job in state `finalizing` or `cancelling` whose window is empty. `lease`: of the calling feeder. */
  return async function finalise({ spec }: JobRecord, lease: string): Promise<void> {
    // Commits may have come since the caller looked: the window was emptied by them.
    const record = await jobs.mustGet(spec.id);
    const { ended, bytes } = await describeOwn(record, lease);
    const status = endOf(ended);
    // Rows that came with the request are needed as long as the job may be resumed or retried; then the sweeper's.
    if (status === 'completed' && ended.failed === 0) await deps.spool.discard(spec.id, spec.tenant);
    const spooled = await deps.spool.spooledBytes(spec.id, spec.tenant);
    await jobs.noteStored(spec.tenant, spec.id, bytes + spooled);
    await removeStaging(spec.output, spec.id);
    const empty = status === 'completed' && ended.succeeded + ended.failed === 0;
    // The feeder has found out why.
    const why = empty ? { reason: 'empty_dataset', reasonText: ended.reasonText } : { reason: null };
    const left = await jobs.transition(spec.id, status, { ...why, error: ended.error, lease });
    if (left === null) throw new LeaseLost(spec.id);
    await jobs.releaseOutput(spec.output, spec.id);
    await jobs.retire(spec.id);
  };
}

/** A block's part, and its errors in their place even where its run died between the two. */
async function readWhole({ id, output }: JobSpec, part: number): Promise<PublishedBlock | null> {
  const found = await readBlock(output, part);
  if (!found || found.errorsHash !== null) return found;
  return (await placeErrors(output, id, part, found.partHash)) ? readBlock(output, part) : found;
}

function endOf({ status, error }: JobRecord): 'completed' | 'failed' | 'cancelled' {
  if (status === 'cancelling') return 'cancelled';
  return error ? 'failed' : 'completed';
}

const FLUSH_CHARS = 1 << 16;
/** Parts read at once, each a block: enough to hide storage's latency. */
const READ_AT_ONCE = 8;

/** The manifest's fields behind `parts`. */
function summary(
  record: JobRecord,
  status: string,
  invariance: BatchInvariance | null,
): Record<string, unknown> {
  const { spec } = record;
  const seconds = ((record.committedAt ?? 0) - (record.startedAt ?? 0)) / 1000;
  const computed = record.succeeded + record.failed - record.adopted;
  return {
    job: spec.id,
    status,
    error: record.error,
    model: spec.model,
    batch_invariance: invariance && {
      verdict: invariance.verdict,
      max_difference: invariance.maxDifference,
      batch: invariance.batch,
    },
    input: spec.input,
    options: spec.options,
    metadata: spec.metadata,
    rows: { total: record.total, succeeded: record.succeeded, failed: record.failed },
    skipped: record.skipped,
    created_at: iso(spec.created_at),
    started_at: iso(record.startedAt),
    finished_at: iso(record.committedAt),
    throughput: { rows_per_s: seconds > 0 && computed > 0 ? Number((computed / seconds).toFixed(2)) : null },
  };
}

/** Of a retry: the jobs of the output, and the rows as they stand after all of them. */
function wholeOutput(
  record: JobRecord,
  status: string,
  before: readonly OutputJob[],
): Record<string, unknown> {
  const { spec, succeeded, failed, total } = record;
  if (spec.retry_of === null) return {};
  const own: OutputJob = {
    job: spec.id,
    retry_of: spec.retry_of,
    status,
    rows: { total, succeeded, failed },
    first_part: firstPart(spec),
    created_at: iso(spec.created_at),
    finished_at: iso(record.committedAt),
  };
  const jobs = [...before, own];
  return {
    retry_of: spec.retry_of,
    jobs,
    // Its dataset was every row that had failed: those that it did not answer well still have.
    output: {
      succeeded: jobs.reduce((sum, job) => sum + job.rows.succeeded, 0),
      failed: (total ?? failed + succeeded) - succeeded,
    },
  };
}

function asMembers(members: Record<string, unknown>): string {
  return Object.entries(members)
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`)
    .join(',\n');
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
