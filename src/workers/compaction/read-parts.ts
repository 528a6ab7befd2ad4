/** Reads the parts of a task in order, a few ahead, so that the latency of the storage does not add up. */
import type { FileTask } from '../../shared/domain/job/compaction.ts';
import type { PartFormat } from '../../shared/domain/job/part-format.ts';
import { ForebayError } from '../../shared/errors.ts';
import type { Output } from '../../shared/storage/output.ts';
import { partName } from '../../shared/storage/output-names.ts';

/** Parts in memory. A part is a block. */
const READ_AHEAD = 4;

export interface ReadPart {
  readonly number: number;
  /** The path or URL, for messages. */
  readonly path: string;
  readonly bytes: Buffer;
}

/** `offset`: the number of the job's first part. Rejects with ForebayError `output_changed` if a part is gone. */
export async function* readParts(
  output: Output,
  format: PartFormat,
  { first, end }: FileTask,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<ReadPart, void, undefined> {
  const ahead: Promise<ReadPart>[] = [];
  const begin = (block: number) => {
    const reading = readOne(output, format, offset + block);
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

async function readOne(output: Output, format: PartFormat, number: number): Promise<ReadPart> {
  const name = partName(number, format);
  const bytes = await output.read(name);
  const path = output.pathOf(name);
  if (bytes !== null) return { number, path, bytes };
  throw new ForebayError(
    'output_changed',
    `${path} was written but is gone: somebody has changed the output. Submit the job again with if_output_exists "resume".`,
  );
}
