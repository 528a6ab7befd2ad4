/**
 * The index of a job's parts, beside them in the output. While the job runs, its feeder adds segments, which are named by
 * their content. So adding one twice changes nothing, and a late feeder can do no harm. When the job ends, each group of
 * parts gets one file with a fixed name.
 */
import type { PartRecord } from '../../domain/part-record.ts';
import { sha256 } from '../../text/sha256.ts';
import type { Output } from '../output.ts';
import { indexFile, indexName, indexPrefix } from '../output-names.ts';
import { encodeIndex, groupOf, parseIndex, type IndexHead } from './index-file.ts';

export type Group = ReadonlyMap<number, PartRecord>;

export interface PartIndex {
  /** The record of a part. Null: there is none. */
  of(part: number): Promise<PartRecord | null>;
  /** The records of a group by the numbers of their parts. */
  group(group: number): Promise<Group>;
  /** Whether one file has all records of a group. */
  isWhole(group: number): Promise<boolean>;
}

/** Larger files are not an index. A group has 1,024 records. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Files that are added later are not seen. Keeps one group in memory. */
export function openPartIndex(output: Output, job: string): PartIndex {
  let listing: Promise<ReadonlyMap<number, readonly string[]>> | null = null;
  let kept: { readonly group: number; readonly records: Promise<Group> } | null = null;

  async function names(group: number): Promise<readonly string[]> {
    listing ??= listNames(output, job);
    return (await listing).get(group) ?? [];
  }

  async function read(group: number): Promise<Group> {
    const records = new Map<number, PartRecord>();
    for (const name of await names(group)) {
      const bytes = await output.read(name, MOST_BYTES);
      const found = bytes === null ? null : parseIndex(bytes, job);
      for (const record of found ?? []) if (groupOf(record.part) === group) records.set(record.part, record);
    }
    return records;
  }

  async function groupRecords(group: number): Promise<Group> {
    if (kept?.group !== group) kept = { group, records: read(group) };
    return kept.records;
  }

  return {
    group: groupRecords,
    of: async (part) => (await groupRecords(groupOf(part))).get(part) ?? null,
    async isWhole(group) {
      const found = await names(group);
      return found.length === 1 && found[0] === indexName(job, group);
    },
  };
}

/** Adds records of a running job. */
export async function addRecords(
  output: Output,
  head: IndexHead,
  records: readonly PartRecord[],
): Promise<void> {
  const groups = new Map<number, PartRecord[]>();
  for (const record of records) {
    const group = groupOf(record.part);
    groups.set(group, [...(groups.get(group) ?? []), record]);
  }
  for (const [group, some] of groups) {
    const text = encodeIndex(head, some);
    await output.putRecord(head.job, indexName(head.job, group, sha256(text)), text);
  }
}

/** Writes the file that replaces the segments of a group. */
export async function writeGroup(
  output: Output,
  head: IndexHead,
  group: number,
  records: readonly PartRecord[],
): Promise<void> {
  await output.putRecord(head.job, indexName(head.job, group), encodeIndex(head, records));
}

async function listNames(output: Output, job: string): Promise<Map<number, string[]>> {
  const groups = new Map<number, string[]>();
  for await (const { name } of output.list(indexPrefix(job))) {
    const file = indexFile(name);
    if (file !== null) groups.set(file.group, [...(groups.get(file.group) ?? []), name]);
  }
  return groups;
}
