// Reads outputs whose parts have become files.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { OutputRow } from './service.ts';

/** The paths of all files below a folder, sorted. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .toSorted();
  } catch {
    return [];
  }
}

export interface FilesManifest {
  readonly version: number;
  readonly compact: { files: number; partition_by: string | null };
  readonly parts: { name: string; rows: number; bytes: number; partition?: Record<string, string> }[];
  readonly errors: { name: string; rows: number; superseded?: number }[];
  readonly errors_by_code: Record<string, number>;
  readonly delta?: unknown;
  readonly output?: { succeeded: number; failed: number };
}
export const manifestOfFiles = (job: JobWire) =>
  JSON.parse(readFileSync(join(job.output, 'manifest.json'), 'utf8')) as FilesManifest;

/** The rows of the files in `data`, in the order of the manifest. */
export const filedRows = (job: JobWire) =>
  manifestOfFiles(job).parts.flatMap(({ name }) =>
    readFileSync(join(job.output, name), 'utf8')
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as OutputRow])),
  );
