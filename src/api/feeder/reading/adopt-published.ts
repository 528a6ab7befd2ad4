/**
 * In a resume, adopts blocks that an earlier job has published. A part is not read if that job's index has a record of
 * it with the rows that the dataset has now. Otherwise the part is read and compared row by row.
 */
import { isSlice, type BlockContent, type BlockSlice, type NamedRows } from '../../../shared/domain/block.ts';
import { firstPart, type JobSpec } from '../../../shared/domain/job/job.ts';
import type { PartRecord } from '../../../shared/domain/part-record.ts';
import { sinkOf } from '../../../shared/sinks/sink-of.ts';
import { adoptBlock } from '../../../shared/storage/adopt-block.ts';
import type { Output } from '../../../shared/storage/output.ts';
import { openPartIndex } from '../../../shared/storage/part-index/part-index.ts';
import { readPublishedSizes } from '../../../shared/storage/part-index/published-sizes.ts';
import { partRecordOf, rowsCheck } from '../../../shared/storage/part-index/part-record-of.ts';
import type { SplitBlock } from './splitter.ts';

/**
 * The record of the block's part. Null if there is none. Call it in the order of the blocks. Rejects as adoptBlock
 * does.
 */
export type AdoptPublished = (split: SplitBlock) => Promise<PartRecord | null>;

/** `namesOf` reads the names of a slice's rows. */
export function createAdoptPublished(deps: {
  spec: JobSpec;
  output: Output;
  namesOf: (slice: BlockSlice) => Promise<NamedRows>;
}): AdoptPublished {
  const { spec, output, namesOf } = deps;
  const sink = sinkOf(spec);
  const earlier = spec.opening?.earlier?.job ?? null;
  const index = earlier === null ? null : openPartIndex(output, earlier);
  const sizes = readPublishedSizes(output, sink.format);

  async function recorded(part: number, content: BlockContent): Promise<PartRecord | null> {
    const record = (await index?.of(part)) ?? null;
    if (record === null || record.check !== rowsCheck(content)) return null;
    return (await sizes.match(record)) ? record : null;
  }

  return async function adopt({ block, rows }) {
    const part = firstPart(spec) + block;
    const record = await recorded(part, rows);
    if (record !== null) return record;
    const names = async () => (isSlice(rows) ? namesOf(rows) : rows);
    const facts = await adoptBlock({ output, job: spec.id, part, sink }, names, 'owned');
    return facts && partRecordOf(part, rows, facts);
  };
}
