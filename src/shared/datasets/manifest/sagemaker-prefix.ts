/** The beginning of a manifest of SageMaker: `[{"prefix": "s3://bucket/photos/"}, "a.jpg", ...]`. */
import { ForebayError } from '../../errors.ts';
import type { ByteFile } from '../bytes/byte-file.ts';
import { markLength } from '../lines/list-encoding.ts';

/** The prefix is in the first bytes. */
const HEAD_BYTES = 16 * 1024;
/** A list of lines may begin with the path `[1].jpg`. */
const ARRAY = /^\s*\[\s*(?:[\]"{]|$)/;
const FIRST = /^\s*\[\s*(\{(?:[^"{}]|"(?:[^"\\]|\\.)*")*\})/s;

/**
 * Null: the file is no array in JSON. Throws ForebayError `input_unreadable` for an array that does not begin with
 * a prefix.
 */
export async function readSageMakerPrefix(
  file: ByteFile,
  signal: AbortSignal,
): Promise<{ readonly prefix: string; readonly end: number } | null> {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, file.size));
  const filled = await file.read(head, 0, signal);
  const mark = markLength(head);
  const text = head.toString('utf8', mark, filled);
  if (!ARRAY.test(text)) return null;
  const [all = '', first = ''] = FIRST.exec(text) ?? [];
  const prefix = prefixIn(first);
  if (prefix !== null) return { prefix, end: mark + Buffer.byteLength(all) };
  throw new ForebayError(
    'input_unreadable',
    `${file.name} is an array in JSON, but its first element is not {"prefix": "s3://..."}, as in a manifest of SageMaker. Write one path or URL per line instead.`,
  );
}

function prefixIn(json: string): string | null {
  try {
    const { prefix } = JSON.parse(json) as { prefix?: unknown };
    return typeof prefix === 'string' ? prefix : null;
  } catch {
    return null;
  }
}
