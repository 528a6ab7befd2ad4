/**
 * A manifest of SageMaker: an array in JSON that begins with the prefix of all its rows. The id of a row is its
 * element.
 */
import { isUtf8 } from 'node:buffer';
import type { Cursor } from '../../domain/dataset-spec.ts';
import type { RowRef } from '../../domain/row.ts';
import { ForebayError, InvariantError } from '../../errors.ts';
import type { ByteFiles } from '../bytes/byte-file.ts';
import { countUpTo } from '../count-up-to.ts';
import { MAX_LINE_BYTES } from '../lines/line-reader.ts';
import type { DatasetSource, SourceRow } from '../source.ts';
import { arrayStrings, type ArrayString } from './json-strings.ts';
import { bad } from './manifest-source.ts';
import { readSageMakerPrefix } from './sagemaker-prefix.ts';

export interface SageMakerSpec {
  readonly path: string;
  readonly prefix: string;
}

export function createSageMakerSource({ path, prefix }: SageMakerSpec, files: ByteFiles): DatasetSource {
  async function* read(from: Cursor | null, signal: AbortSignal): AsyncGenerator<SourceRow> {
    let index = from?.index ?? 0;
    const file = await files.open(path, signal);
    try {
      const found = await readSageMakerPrefix(file, signal);
      if (found?.prefix !== prefix) {
        throw new ForebayError(
          'dataset_changed',
          `The prefix of ${file.name} has changed since the job was submitted. Submit it as a new job.`,
        );
      }
      const start = from === null || index === 0 ? found.end : offsetOf(from);
      for await (const strings of arrayStrings(file, start, MAX_LINE_BYTES, signal)) {
        for (const string of strings) {
          signal.throwIfAborted();
          yield { row: rowOf(string), cursor: { index: ++index, at: String(string.end) } };
        }
      }
    } finally {
      await file.close();
    }
  }
  return { read, count: async (limit, signal) => countUpTo(limit, read(null, signal)) };
}

function offsetOf({ at }: Cursor): number {
  const offset = Number(at);
  if (Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw new InvariantError(`cursor at "${at}"`);
}

function rowOf({ json, start }: ArrayString): RowRef {
  const place = `element at byte ${start}`;
  if (json === null) return bad(place, `the element is longer than ${MAX_LINE_BYTES / 1024} KB`);
  if (!isUtf8(json)) return bad(place, 'the element is not valid UTF-8');
  try {
    const text = JSON.parse(json.toString('utf8')) as string;
    return text === '' ? bad(place, 'the element is empty') : { id: text };
  } catch {
    return bad(place, 'the element is not a valid string in JSON');
  }
}
