/**
 * The parts of a job whose window is empty, in order and in constant memory, as their records describe them. Reads only
 * parts without a record: an older version committed them, their run died before its commit, or Redis has lost the
 * record. Writes one index file per group of parts, so that these parts need not be read again.
 */
import { firstPart, type JobRecord } from '../../../shared/domain/job/job.ts';
import type { PartRecord } from '../../../shared/domain/part-record.ts';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobWindow } from '../../../shared/queue/blocks/job-window.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { isProven, proofOf } from '../../../shared/storage/adopt-block.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { partName } from '../../../shared/storage/output-names.ts';
import { groupOf, partsOf } from '../../../shared/storage/part-index/index-file.ts';
import { openPartIndex, writeGroup } from '../../../shared/storage/part-index/part-index.ts';
import { readPublishedSizes } from '../../../shared/storage/part-index/published-sizes.ts';
import { mergeRows, readBlock, type PublishedBlock } from '../../../shared/storage/read-part.ts';

/** Parts without a record that are read at once: enough to hide the storage's latency. Each holds a block in memory. */
const READ_AT_ONCE = 8;

export interface DescribedPart {
  readonly number: number;
  /** Null: the part was committed, but is gone. */
  readonly record: PartRecord | null;
}

export interface DescribedPartsDeps {
  readonly jobs: Pick<JobStore, 'committed'>;
  readonly window: Pick<JobWindow, 'announced' | 'commitFound' | 'position' | 'waitingRecords'>;
}

/** `lease`: of the calling feeder. Rejects with LeaseLost, and with ForebayError `output_changed`. */
export async function* describedParts(
  { jobs, window }: DescribedPartsDeps,
  output: Output,
  { spec, filePlan }: Pick<JobRecord, 'filePlan' | 'spec'>,
  lease: string,
): AsyncGenerator<DescribedPart, void, undefined> {
  const { id } = spec;
  const sink = sinkOf(spec);
  const start = firstPart(spec);
  const head = { job: id, model: spec.model.hash };
  // Tasks that write files follow the blocks.
  const nextBlock = filePlan?.blocks ?? (await window.position(id)).nextBlock;
  const index = openPartIndex(output, id);
  const sizes = readPublishedSizes(output, sink.format);
  const { records: left } = await window.waitingRecords(id);
  const waiting = new Map(left.map((record) => [record.part, record]));

  /** Also places the errors if their run died before it did so. */
  async function readWhole(part: number): Promise<PublishedBlock | null> {
    const found = await readBlock(output, part, sink);
    if (!found || found.errorsHash !== null) return found;
    return (await output.placeErrors(id, part, found.partHash)) ? readBlock(output, part, sink) : found;
  }

  /** `known`: the part's record, if the sizes of its files differ from it. */
  async function describe(part: number, isCommitted: boolean, known: PartRecord | null) {
    const found = await readWhole(part);
    if (found === null) return null;
    if (known !== null && known.sha256 !== found.partHash)
      throw partChanged(output, partName(part, sink.format));
    const rows = await mergeRows(found);
    const [first, last] = [rows[0]?.index ?? 0, rows.at(-1)?.index ?? 0];
    const record: PartRecord = { part, first, last, check: known?.check ?? null, ...(await found.facts()) };
    if (isCommitted) return record;
    const proof = proofOf(spec, await window.announced(id, part - start));
    if (!isProven(found, proof)) return null;
    await window.commitFound(id, part - start, lease, record, {}, record);
    return record;
  }

  for (let group = groupOf(start); partsOf(group).first < start + nextBlock; group++) {
    const first = Math.max(start, partsOf(group).first);
    const count = Math.min(start + nextBlock, partsOf(group).end) - first;
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    const committed = await jobs.committed(
      id,
      numbers.map((part) => part - start),
    );
    const records = await index.group(group);
    const found = new Map<number, PartRecord>();
    const others: { readonly part: number; readonly known: PartRecord | null }[] = [];
    for (const [i, part] of numbers.entries()) {
      const known = (committed[i] && (waiting.get(part) ?? records.get(part))) || null;
      if (known !== null && (await sizes.match(known))) found.set(part, known);
      else others.push({ part, known });
    }
    for (let at = 0; at < others.length; at += READ_AT_ONCE) {
      const some = others.slice(at, at + READ_AT_ONCE);
      const read = await Promise.all(
        some.map(async ({ part, known }) => describe(part, committed[part - first]!, known)),
      );
      for (const record of read) if (record !== null) found.set(record.part, record);
    }
    const isNew = found.size !== records.size || others.length > 0;
    if (found.size > 0 && (isNew || !(await index.isWhole(group)))) {
      await writeGroup(
        output,
        head,
        group,
        numbers.flatMap((part) => found.get(part) ?? []),
      );
    }
    for (const [i, number] of numbers.entries()) {
      const record = found.get(number) ?? null;
      if (record !== null || committed[i]) yield { number, record };
    }
  }
}

function partChanged({ place }: Output, name: string): ForebayError {
  return new ForebayError(
    'output_changed',
    `${name} in ${place} is not the file that this job wrote: somebody has changed it. Remove the file and submit the ` +
      'job again with if_output_exists "resume", or use another output.',
  );
}
