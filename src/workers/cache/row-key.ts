/**
 * The key of a row's result in the result cache: a hash of everything that decides the answer. Two rows with the same
 * key get the same answer. Pure.
 */
import { PROGRAM_VERSION } from '../../shared/process/program-version.ts';
import type { OptionValues } from '../../shared/tasks/task-description.ts';
import { rawFieldsOrNull } from '../../shared/text/raw-fields.ts';
import { sha256 } from '../../shared/text/sha256.ts';
import type { LaneInput } from '../lane/messages.ts';

/** What the answers of all rows of a block depend on. */
export interface AnswerSource {
  readonly tenant: string;
  /** See model-hash.ts. For a pipeline, it covers all its models. */
  readonly modelHash: string;
  /** The task's options, with the model's own values for those that the job leaves open. */
  readonly options: OptionValues;
  /** The fields of a record that decide its answer. Null: perhaps all of them. */
  readonly fields: readonly string[] | null;
}

/** Hex. */
export type RowKey = string;

/** Null: the row has no key, because only a lane knows its content, or because it is not a record. */
export type KeyOf = (input: LaneInput) => RowKey | null;

/** Raise it if the meaning of a key's content changes. */
const KEY_VERSION = 1;

/**
 * `version`: of the program. An update may change how rows are decoded or how answers are written, so it begins with an
 * empty cache.
 */
export function createRowKeys(source: AnswerSource, version: string = PROGRAM_VERSION): KeyOf {
  const { tenant, modelHash, fields } = source;
  const options = Object.entries(source.options).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const base = JSON.stringify([KEY_VERSION, version, tenant, modelHash, options]);
  const keyOf = (kind: string, content: Uint8Array | string) =>
    sha256(`${base}\n${kind}\n${sha256(content)}`);
  return (input) => {
    if ('bytes' in input) return keyOf('bytes', input.bytes);
    if (!('json' in input)) return null;
    const content = fields === null ? input.json.trim() : fieldsOf(input.json, fields);
    return content === null ? null : keyOf('record', content);
  };
}

/**
 * The fields with their original text, because a parsed number may have lost digits. Null: it is no record, and a lane
 * gives the better message for it.
 */
function fieldsOf(json: string, names: readonly string[]): string | null {
  const all = rawFieldsOrNull(json);
  if (all === null) return null;
  const found = names.flatMap((name) => {
    const value = all.get(name);
    return value === undefined ? [] : [`${JSON.stringify(name)}:${value}`];
  });
  return found.join(',');
}
