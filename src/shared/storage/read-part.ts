/** Reads published parts and errors. A part is one block, so it fits in memory. */
import { createHash } from 'node:crypto';
import { InvariantError } from '../errors.ts';
import { outputFolder } from './output-folder.ts';
import { readFileNoFollow } from './no-follow.ts';

export interface PartLine {
  readonly index: number;
  readonly id: string;
  /** The whole line, including its newline. */
  readonly text: string;
  readonly kind: 'result' | 'error';
}

export interface PublishedBlock {
  /** Line counts, without parsing the lines. */
  readonly counts: { readonly succeeded: number; readonly failed: number };
  /** Parses the lines. */
  results(): PartLine[];
  errors(): PartLine[];
  readonly partBytes: number;
  readonly partHash: string;
  readonly errorsHash: string | null;
}

/**
 * The published files of a block. Null if there is no part. With `mayHaveErrors` false, it does not read the errors
 * file, because no row failed or the caller needs only the part.
 */
export async function readBlock(
  folder: string,
  block: number,
  mayHaveErrors = true,
): Promise<PublishedBlock | null> {
  const paths = outputFolder(folder);
  const part = await readFileNoFollow(paths.part(block));
  if (part === null) return null;
  const errors = mayHaveErrors ? await readFileNoFollow(paths.errors(block)) : null;
  return {
    counts: { succeeded: countLines(part), failed: errors === null ? 0 : countLines(errors) },
    results: () => parseLines(part, 'result'),
    errors: () => (errors === null ? [] : parseLines(errors, 'error')),
    partBytes: part.length,
    partHash: sha256(part),
    errorsHash: errors === null ? null : sha256(errors),
  };
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The results and errors of a block, merged in row order. */
export function mergeLines(block: PublishedBlock): PartLine[] {
  if (block.counts.failed === 0) return block.results();
  return [...block.results(), ...block.errors()].sort((a, b) => a.index - b.index);
}

const NEWLINE = 0x0a;

/** Every line that Forebay writes ends with a newline. */
function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines += 1;
  return lines;
}

function parseLines(bytes: Buffer, kind: PartLine['kind']): PartLine[] {
  const lines: PartLine[] = [];
  for (const text of bytes.toString('utf8').split('\n')) {
    if (text === '') continue;
    const { index, id } = JSON.parse(text) as { index: unknown; id: unknown };
    if (typeof index !== 'number' || typeof id !== 'string')
      throw new InvariantError('a part line without index and id');
    lines.push({ index, id, text: `${text}\n`, kind });
  }
  return lines;
}
