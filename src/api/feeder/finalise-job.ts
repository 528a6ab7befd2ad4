/**
 * Ends a job: writes manifest.json, last of all files, in constant memory, and makes the final transition.
 * Safe to repeat: a process that dies here is followed by another that does it again.
 */
import { mkdir, open, rename, rm } from 'node:fs/promises';
import type { BatchInvariance } from '../../shared/domain/batch-invariance.ts';
import type { JobFailure, JobRecord } from '../../shared/domain/job.ts';
import type { JobStore } from '../../shared/queue/job-store.ts';
import { LeaseLost, type JobWindow } from '../../shared/queue/job-window.ts';
import type { WorkerRegistry } from '../../shared/queue/worker-registry.ts';
import { errorsName, outputFolder, partName } from '../../shared/storage/output-folder.ts';
import { placeErrors } from '../../shared/storage/publish-block.ts';
import { readBlock, type PublishedBlock } from '../../shared/storage/read-part.ts';
import { costsOf } from '../job-costs.ts';
import { jobStateOf } from '../job-state-of.ts';
import { reportToWire } from '../wire/job-report.ts';

export function createFinaliser(deps: {
  jobs: JobStore;
  window: JobWindow;
  workers: Pick<WorkerRegistry, 'batchInvariance'>;
  discardSpool: (job: string) => Promise<void>;
}) {
  const { jobs, window } = deps;

  /** Parts of all committed blocks, in order; a part that no run lived to count is counted here. */
  async function* parts(record: JobRecord, lease: string) {
    const { id, output } = record.spec;
    const { nextBlock } = await window.position(id);
    for (let first = 0; first < nextBlock; first += READ_AT_ONCE) {
      const blocks = Array.from({ length: Math.min(READ_AT_ONCE, nextBlock - first) }, (_, i) => first + i);
      const committed = await jobs.committed(id, blocks);
      const found = await Promise.all(
        blocks.map(async (block, i) =>
          committed[i] && record.failed === 0 ? readBlock(output, block, false) : readWhole(output, block),
        ),
      );
      for (const [i, block] of blocks.entries()) {
        const part = found[i]!;
        if (part && !committed[i]) {
          await window.commit(id, block, { feeder: lease }, part.counts, {});
        }
        if (part || committed[i]) yield { block, found: part };
      }
    }
  }

  /** `record`: in state `finalizing` or `cancelling`. `lease`: of the calling feeder. */
  return async function finalise(record: JobRecord, lease: string): Promise<void> {
    const { spec } = record;
    const paths = outputFolder(spec.output);
    let failure = record.error;
    let bytes = 0;
    const temporary = `${paths.manifest}.${lease}`;
    await mkdir(spec.output, { recursive: true });
    const file = await open(temporary, 'w');
    try {
      let text = `{\n"version":1,\n"parts":[`;
      let first = true;
      for await (const { block, found } of parts(record, lease)) {
        if (!found) {
          failure ??= {
            code: 'storage_unavailable',
            message: `${partName(block)} was written and is gone: somebody has changed the output folder. Run the job again.`,
          };
          continue;
        }
        bytes += found.partBytes;
        const part = {
          name: partName(block),
          rows: found.counts.succeeded,
          bytes: found.partBytes,
          sha256: found.partHash,
          errors: found.errorsHash
            ? { name: errorsName(block), rows: found.counts.failed, sha256: found.errorsHash }
            : null,
        };
        text += `${first ? '' : ','}\n${JSON.stringify(part)}`;
        first = false;
        if (text.length > FLUSH_CHARS) {
          await file.write(text);
          text = '';
        }
      }
      const ended = { ...(await jobs.mustGet(spec.id)), error: failure };
      // Those that ran the last blocks are alive still, but for an accident.
      const invariance = await deps.workers.batchInvariance(spec.model);
      const report = reportToWire(costsOf(await jobs.stats(spec.id)), jobStateOf(ended, []));
      const members = { ...summary(ended, endOf(record, failure), invariance), ...report };
      await file.write(`${text}\n],\n${asMembers(members)}\n}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, paths.manifest);
    await rm(paths.staging, { recursive: true, force: true });
    await deps.discardSpool(spec.id);
    await jobs.noteStored(spec.tenant, spec.id, bytes);
    const status = endOf(record, failure);
    const empty = status === 'completed' && record.succeeded + record.failed === 0;
    const reason = empty ? 'empty_dataset' : null;
    const left = await jobs.transition(spec.id, status, { reason, error: failure, lease });
    if (left === null) throw new LeaseLost(spec.id);
    await jobs.releaseOutput(spec.output, spec.id);
    await jobs.retire(spec.id);
  };
}

/** A block's part, and its errors in their place even where its run died between the two. */
async function readWhole(output: string, block: number): Promise<PublishedBlock | null> {
  const found = await readBlock(output, block);
  if (!found || found.errorsHash !== null) return found;
  return (await placeErrors(output, block, found.partHash)) ? readBlock(output, block) : found;
}

function endOf(record: JobRecord, failure: JobFailure | null): 'completed' | 'failed' | 'cancelled' {
  if (record.status === 'cancelling') return 'cancelled';
  return failure ? 'failed' : 'completed';
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
  const rows = record.succeeded + record.failed;
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
    created_at: iso(spec.created_at),
    started_at: iso(record.startedAt),
    finished_at: iso(record.committedAt),
    throughput: { rows_per_s: seconds > 0 ? Number((rows / seconds).toFixed(2)) : null },
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
