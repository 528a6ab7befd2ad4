/**
 * Names and places in a job's output folder: job.json, part-*.jsonl, errors-*.jsonl, manifest.json, and
 * _staging/<job>/ while a job is at work. What else lies there is the user's.
 */
import { normalize } from 'node:path';
import { JOB_ID } from '../domain/job-id.ts';

const DIGITS = 8;

export type OutputFolder = ReturnType<typeof outputFolder>;

/** `folder`: absolute. Only it is normalised: every block asks for names in it. */
export function outputFolder(folder: string) {
  const root = normalize(`${folder}/`);
  const staging = `${root}_staging`;
  return {
    folder,
    /** Holds a folder for each job that stages. It may be a user's folder of that name: only names of ours count. */
    staging,
    job: `${root}job.json`,
    manifest: `${root}manifest.json`,
    part: (block: number) => `${root}${partName(block)}`,
    errors: (block: number) => `${root}${errorsName(block)}`,
    /** What a job's runs and its feeder stage. */
    stagingOf: (job: string) => `${staging}/${job}`,
    /** What one feeder stages: who takes its lease over removes the folder, and so stops it. */
    stagingOfFeeder: (job: string, lease: string) => `${staging}/${job}/feeder-${lease}`,
  };
}

/** Zero-padded so that names sort in row order. */
export function partName(block: number): string {
  return `part-${String(block).padStart(DIGITS, '0')}.jsonl`;
}

export function errorsName(block: number): string {
  return `errors-${String(block).padStart(DIGITS, '0')}.jsonl`;
}

export function stagedPartName(block: number, token: string): string {
  return `${partName(block)}.${token}`;
}

/** Errors wait under the hash of the part that they belong to: the published part says which are its. */
export function stagedErrorsName(block: number, partHash: string): string {
  return `${errorsName(block)}.${partHash}`;
}

/** Whether a name is one that Forebay publishes in an output folder. */
export function isPublishedName(name: string): boolean {
  return /^((part|errors)-\d{8,}\.jsonl|job\.json|manifest\.json)$/.test(name);
}

/** The block whose part a file of this name is; null for another kind of file. */
export function partNumber(name: string): number | null {
  const digits = /^part-(\d{8,})\.jsonl$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The block whose errors a file of this name holds; null for another kind of file. */
export function errorsNumber(name: string): number | null {
  const digits = /^errors-(\d{8,})\.jsonl$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

export type StagedName =
  | { readonly kind: 'owner'; readonly job: string }
  | { readonly kind: 'feeder'; readonly lease: string }
  | { readonly kind: 'part' }
  | { readonly kind: 'errors'; readonly block: number; readonly partHash: string }
  /** Half-written errors, a manifest of a version that had no folders in staging. */
  | { readonly kind: 'other' };

/** What a name in a staging folder is; null: not one of Forebay's. */
export function stagedName(name: string): StagedName | null {
  if (JOB_ID.safeParse(name).success) return { kind: 'owner', job: name };
  const lease = /^feeder-([0-9A-Za-z-]+)$/.exec(name)?.[1];
  if (lease !== undefined) return { kind: 'feeder', lease };
  if (/^part-\d{8,}\.jsonl\.[^.]+$/.test(name)) return { kind: 'part' };
  const [, block, partHash] = /^errors-(\d{8,})\.jsonl\.([0-9a-f]{64})$/.exec(name) ?? [];
  if (block !== undefined) return { kind: 'errors', block: Number(block), partHash: partHash! };
  const other = /^(errors-\d{8,}\.jsonl\.[0-9a-f]{64}\.[^.]+|manifest\.json\.[0-9a-f-]{36})$/.test(name);
  return other ? { kind: 'other' } : null;
}
