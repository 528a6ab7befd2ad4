/**
 * Names in an output: job.json, part-*.<format>, errors-*.jsonl, _rows-*.jsonl, _parts-*.jsonl, vanished.jsonl,
 * manifest.json, _SUCCESS, and _staging/<job>/ while a job runs. file-names.ts has those of compacted files. All other
 * files there belong to the user.
 */
import { JOB_ID } from '../domain/job/job-id.ts';
import { describesFiles, LIST_PREFIX, ROWS_PREFIX, STAGED_FILE } from './file-names.ts';
import { PART_FORMATS, type PartFormat } from '../domain/job/part-format.ts';

const DIGITS = 8;

export const JOB_NAME = 'job.json';
export const MANIFEST_NAME = 'manifest.json';
/** The rows of the earlier output that a delta job has not found. */
export const VANISHED_NAME = 'vanished.jsonl';
export const STAGING_NAME = '_staging';
/** Prefixes of the names of parts and errors. */
export const PART_PREFIX = 'part-';
export const ERRORS_PREFIX = 'errors-';
const RECORD_PREFIX = '_rows-';
export const INDEX_PREFIX = '_parts-';
/** Prefixes of the names that an output may have many files of. */
export const MANY_PREFIXES = [
  PART_PREFIX,
  ERRORS_PREFIX,
  RECORD_PREFIX,
  INDEX_PREFIX,
  LIST_PREFIX,
  ROWS_PREFIX,
];
/** Empty. Exists while all rows of the output are finished, as in outputs of Spark and Hadoop. */
export const SUCCESS_NAME = '_SUCCESS';
/** The files that describe the whole output. Its owner replaces them. */
export const WHOLE_NAMES = [JOB_NAME, MANIFEST_NAME, VANISHED_NAME, SUCCESS_NAME];

/** Zero-padded so that names sort in row order. */
export function partName(block: number, format: PartFormat): string {
  return `part-${String(block).padStart(DIGITS, '0')}.${format}`;
}

export function errorsName(block: number): string {
  return `errors-${String(block).padStart(DIGITS, '0')}.jsonl`;
}

/** Digits of the part's hash that are in the name of its row record. */
const HASH_DIGITS = 16;

/** The row record of a part. Tools that read all files of a folder skip names with an underscore. */
export function recordName(block: number, partHash: string): string {
  return `${RECORD_PREFIX}${String(block).padStart(DIGITS, '0')}-${partHash.slice(0, HASH_DIGITS)}.jsonl`;
}

/** The prefix of the names of a job's index of parts. */
export function indexPrefix(job: string): string {
  return `${INDEX_PREFIX}${job}-`;
}

/**
 * The file with the records of one group of parts. `hash`: of a segment's content. Absent: the file has the whole
 * group.
 */
export function indexName(job: string, group: number, hash?: string): string {
  const segment = hash === undefined ? '' : `-${hash.slice(0, HASH_DIGITS)}`;
  return `${indexPrefix(job)}${String(group).padStart(DIGITS, '0')}${segment}.jsonl`;
}

export interface IndexFile {
  readonly job: string;
  readonly group: number;
  readonly isSegment: boolean;
}

/** Null if this is not the name of a file of an index. */
export function indexFile(name: string): IndexFile | null {
  const [, job, group, segment] = INDEX.exec(name) ?? [];
  if (group === undefined) return null;
  return { job: job!, group: Number(group), isSegment: segment !== undefined };
}

export function stagedRecordName(block: number, partHash: string, token: string): string {
  return `${recordName(block, partHash)}.${token}`;
}

export function stagedPartName(block: number, format: PartFormat, token: string): string {
  return `${partName(block, format)}.${token}`;
}

/** Staged errors have the hash of their part in their name, so that the published part identifies its own errors. */
export function stagedErrorsName(block: number, partHash: string): string {
  return `${errorsName(block)}.${partHash}`;
}

const FORMATS = PART_FORMATS.join('|');
const PART = new RegExp(`^part-(\\d{8,})\\.(?:${FORMATS})$`);
const RECORD = /^_rows-\d{8,}-[0-9a-f]{16}\.jsonl$/;
const INDEX = /^_parts-(job_[0-9A-Z]{26})-(\d{8,})(-[0-9a-f]{16})?\.jsonl$/;
const STAGED_PART = new RegExp(`^part-\\d{8,}\\.(?:${FORMATS})\\.[^.]+$`);

/** Whether a name is one that Forebay publishes in an output folder. */
export function isPublishedName(name: string): boolean {
  return (
    PART.test(name) ||
    isRecordName(name) ||
    indexFile(name) !== null ||
    describesFiles(name) ||
    errorsNumber(name) !== null ||
    WHOLE_NAMES.includes(name)
  );
}

export function isRecordName(name: string): boolean {
  return RECORD.test(name);
}

/** The number of the block if this is the name of a part of any format, else null. */
export function partNumber(name: string): number | null {
  const digits = PART.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The number of the block if this is the name of an errors file, else null. */
export function errorsNumber(name: string): number | null {
  const digits = /^errors-(\d{8,})\.jsonl$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

export type StagedName =
  | { readonly kind: 'owner'; readonly job: string }
  | { readonly kind: 'feeder'; readonly lease: string }
  | { readonly kind: 'part' }
  | { readonly kind: 'errors'; readonly block: number; readonly partHash: string }
  /**
   * Half-written errors, a row record, a segment of an index, a test of a server, or a manifest of an older version,
   * which had no folders in the staging folder.
   */
  | { readonly kind: 'other' };

/** What a name in a staging folder means. Null if it is not one of Forebay's names. */
export function stagedName(name: string): StagedName | null {
  if (JOB_ID.safeParse(name).success) return { kind: 'owner', job: name };
  const lease = /^feeder-([0-9A-Za-z-]+)$/.exec(name)?.[1];
  if (lease !== undefined) return { kind: 'feeder', lease };
  if (STAGED_PART.test(name) || STAGED_FILE.test(name)) return { kind: 'part' };
  const [, block, partHash] = /^errors-(\d{8,})\.jsonl\.([0-9a-f]{64})$/.exec(name) ?? [];
  if (block !== undefined) return { kind: 'errors', block: Number(block), partHash: partHash! };
  const whole = name.slice(0, name.lastIndexOf('.'));
  if (isRecordName(whole) || indexFile(whole) !== null) return { kind: 'other' };
  const other =
    /^(errors-\d{8,}\.jsonl\.[0-9a-f]{64}\.[^.]+|manifest\.json\.[0-9a-f-]{36}|check-[0-9a-f-]{36})$/.test(
      name,
    );
  return other ? { kind: 'other' } : null;
}
