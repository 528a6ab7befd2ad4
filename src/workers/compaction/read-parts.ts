/** Reads the parts of a task in order, a few ahead, so that the latency of the storage does not add up. */
import type { FileTask } from '../../shared/domain/job/compaction.ts';
import { firstPart, type JobSpec } from '../../shared/domain/job/job.ts';
import { recordedVersions } from '../../shared/domain/row-versions.ts';
import { ForebayError } from '../../shared/errors.ts';
import { sinkOf } from '../../shared/sinks/sink-of.ts';
import { rowsOfPart } from '../../shared/storage/earlier-rows.ts';
import type { Output } from '../../shared/storage/output.ts';
import { partName } from '../../shared/storage/output-names.ts';
import type { RecordedRow } from '../../shared/storage/row-record.ts';
import { sha256 } from '../../shared/text/sha256.ts';

/** Parts in memory. A part is a block. */
const READ_AHEAD = 4;

export interface ReadPart {
  /** The contents of its row record. Empty if versions of rows are not recorded. */
  readonly recorded: readonly RecordedRow[];
  /** The path or URL, for messages. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** Rejects with ForebayError `output_changed` if a part is gone. */
export async function* readParts(
  output: Output,
  spec: JobSpec,
  { first, end }: FileTask,
  signal: AbortSignal,
): AsyncGenerator<ReadPart, void, undefined> {
  const ahead: Promise<ReadPart>[] = [];
  const begin = (block: number) => {
    const reading = readOne(output, spec, firstPart(spec) + block);
    // Avoids an unhandled rejection while earlier parts are read.
    reading.catch(() => {});
    ahead.push(reading);
  };
  let next = first;
  for (let block = first; block < end; block++) {
    signal.throwIfAborted();
    while (next < end && ahead.length < READ_AHEAD) begin(next++);
    yield await ahead.shift()!;
  }
}

async function readOne(output: Output, spec: JobSpec, number: number): Promise<ReadPart> {
  const name = partName(number, sinkOf(spec).format);
  const bytes = await output.read(name);
  const path = output.pathOf(name);
  if (bytes !== null) {
    const isRecorded = recordedVersions(spec) !== null;
    const recorded = isRecorded ? await rowsOfPart(output, spec, number, sha256(bytes), true) : [];
    return { recorded, path, bytes };
  }
  throw new ForebayError(
    'output_changed',
    `${path} was written but is gone: somebody has changed the output. Submit the job again with if_output_exists "resume".`,
  );
}
