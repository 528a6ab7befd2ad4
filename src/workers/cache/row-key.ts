/**
 * The key of a row's result in the result cache: a hash of everything that decides the answer. Two rows with the same
 * key get the same answer. Pure.
 */
import { hash } from 'node:crypto';
import { PROGRAM_VERSION } from '../../shared/process/program-version.ts';
import type { OptionValues } from '../../shared/tasks/task-description.ts';
import { rawFields } from '../../shared/text/raw-fields.ts';
import type { LaneInput } from '../lane/messages.ts';

/** What the answers of all rows of a block depend on. */
export interface AnswerSource {
  readonly tenant: string;
  /** See model-hash.ts. Of a pipeline, it covers all its models. */
  readonly modelHash: string;
  /** The task's options, with the model's own values for those that the job leaves open. */
  readonly options: OptionValues;
  /** The fields of a record that decide its answer. Null: perhaps all of them. */
  readonly fields: readonly string[] | null;
}

/** Hex. */
export type RowKey = string;

/** Null: the row has no key, because only a lane knows its content, or it is no record. */
export type KeyOf = (input: LaneInput) => RowKey | null;

/** Raise it if the content of a key changes its meaning. */
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
    hash('sha256', `${base}\n${kind}\n${hash('sha256', content)}`);
  return (input) => {
    if ('bytes' in input) return keyOf('bytes', input.bytes);
    if (!('json' in input)) return null;
    const content = fields === null ? input.json.trim() : fieldsOf(input.json, fields);
    return content === null ? null : keyOf('record', content);
  };
}

/** The fields as they are written, because a parsed number may have lost digits. */
function fieldsOf(json: string, names: readonly string[]): string | null {
  if (!isObject(json)) return null;
  const all = rawFields(json);
  const found = names.flatMap((name) => {
    const value = all.get(name);
    return value === undefined ? [] : [`${JSON.stringify(name)}:${value}`];
  });
  return found.join(',');
}

/** A lane says better what is wrong with a row that is no record. */
function isObject(json: string): boolean {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
