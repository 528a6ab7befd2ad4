/**
 * Publishes a compacted file once, however many runs of its task try. All of them write the same bytes, so a run that
 * finds the file compares it with its own.
 */
import { createHash } from 'node:crypto';
import { chunksOf } from '../datasets/bytes/byte-file.ts';
import { ForebayError } from '../errors.ts';
import { inFile } from './in-file.ts';
import type { FileToPublish, Output } from './output.ts';

export interface PublishedFile {
  readonly bytes: number;
  readonly sha256: string;
}

/** Null if the run may not publish. Throws ForebayError `output_changed` or `storage_unavailable`. */
export async function publishFile(
  output: Output,
  file: FileToPublish,
  permit: () => Promise<boolean>,
): Promise<PublishedFile | null> {
  const hash = createHash('sha256');
  let bytes = 0;
  const write: FileToPublish['write'] = async (add) =>
    file.write(async (chunk) => {
      hash.update(chunk);
      bytes += chunk.length;
      await add(chunk);
    });
  const outcome = await output.publishFile({ ...file, write }, permit);
  if (outcome === 'refused') return null;
  const own = { bytes, sha256: hash.digest('hex') };
  if (outcome === 'stored') return own;
  const found = await hashOf(output, file.path);
  if (found === own.sha256) return own;
  const path = output.pathOf(file.path);
  if (found === null) {
    throw new ForebayError(
      'storage_unavailable',
      `The staged file of ${path} is gone: the output was moved, or another job took it over.`,
    );
  }
  throw new ForebayError(
    'output_changed',
    `${path} is not what this job writes there: somebody added or changed the file. Remove it and submit the job again ` +
      'with if_output_exists "resume", or use another output.',
  );
}

/** Null: there is no such file. */
async function hashOf(output: Output, path: string): Promise<string | null> {
  const { signal } = new AbortController();
  return inFile(output, path, async (file) => {
    const hash = createHash('sha256');
    for await (const chunk of chunksOf(file, signal)) hash.update(chunk);
    return hash.digest('hex');
  });
}
