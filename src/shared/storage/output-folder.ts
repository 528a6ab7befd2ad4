/**
 * Names and places in a job's output folder. Files: job.json, part-*.jsonl, errors-*.jsonl, manifest.json,
 * and _staging/ while the job runs.
 */
import { normalize } from 'node:path';

const DIGITS = 8;

export type OutputFolder = ReturnType<typeof outputFolder>;

/** `folder`: absolute. Only it is normalised: every block asks for names in it. */
export function outputFolder(folder: string) {
  const root = normalize(`${folder}/`);
  const staging = `${root}_staging`;
  return {
    folder,
    staging,
    job: `${root}job.json`,
    manifest: `${root}manifest.json`,
    part: (block: number) => `${root}${partName(block)}`,
    errors: (block: number) => `${root}${errorsName(block)}`,
    stagedPart: (block: number, token: string) => `${staging}/${partName(block)}.${token}`,
    /** Errors wait under the hash of the part they belong to: the published part says which are its. */
    stagedErrors: (block: number, partHash: string) => `${staging}/${errorsName(block)}.${partHash}`,
  };
}

/** Zero-padded so that names sort in row order. */
export function partName(block: number): string {
  return `part-${String(block).padStart(DIGITS, '0')}.jsonl`;
}

export function errorsName(block: number): string {
  return `errors-${String(block).padStart(DIGITS, '0')}.jsonl`;
}

/** Whether a name is one that Forebay writes into an output folder. */
export function isOutputName(name: string): boolean {
  return /^((part|errors)-\d{8,}\.jsonl|job\.json|manifest\.json|_staging)$/.test(name);
}

/** The block whose errors a file of this name holds; null for another kind of file. */
export function errorsNumber(name: string): number | null {
  const digits = /^errors-(\d{8,})\.jsonl$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}
