/** The sizes of published parts and errors, from listings that are read once, in order. */
import type { PartFormat } from '../../domain/job/part-format.ts';
import type { PartRecord } from '../../domain/part-record.ts';
import type { ListedFile, Output } from '../output.ts';
import { ERRORS_PREFIX, errorsName, PART_PREFIX, partName } from '../output-names.ts';

export interface PublishedSizes {
  /**
   * Whether the files of a part are there and have the recorded sizes. Ask in the order of the parts. A false answer may
   * be wrong: the listing may be older than the part.
   */
  match(record: PartRecord): Promise<boolean>;
}

export function readPublishedSizes(output: Output, format: PartFormat): PublishedSizes {
  const parts = openListing(output, PART_PREFIX);
  const errors = openListing(output, ERRORS_PREFIX);
  return {
    async match(record) {
      if ((await parts.bytesOf(partName(record.part, format))) !== record.bytes) return false;
      return (
        record.errors === null || (await errors.bytesOf(errorsName(record.part))) === record.errors.bytes
      );
    },
  };
}

function openListing(output: Output, prefix: string) {
  const files = output.list(prefix)[Symbol.asyncIterator]();
  /** Null at the end. */
  let head: ListedFile | null | undefined;
  return {
    /** Null if there is no such file. Names ascend from call to call. */
    async bytesOf(name: string): Promise<number | null> {
      while (head === undefined || (head !== null && head.name < name)) {
        const { value, done } = await files.next();
        head = done === true ? null : (value as ListedFile);
      }
      return head?.name === name ? head.bytes : null;
    },
  };
}
