/** Finds the fields of a row that hold the inputs' values. */
import type { RowError } from '../../../../shared/domain/row.ts';
import { nearestName } from '../../../../shared/text/nearest-name.ts';
import { invalidRow, readRecord, type Fields } from '../record.ts';
import type { TaskInput } from '../task.ts';
import type { TensorInput } from './bind-inputs.ts';
import { defaultProblem } from './default-inputs.ts';
import { describe } from './expected.ts';

export type FieldsReading =
  | { readonly ok: true; readonly fields: Fields }
  | { readonly ok: false; readonly error: RowError };

export interface FieldReader {
  /**
   * Reads a record with a field for each input that is not constant. It may have other fields, but none for a constant
   * or an input for which the graph has a value.
   */
  read(row: TaskInput): FieldsReading;
}

export function createFieldReader(inputs: readonly TensorInput[], defaults: readonly string[]): FieldReader {
  const fixed = new Set(defaults);
  const given = inputs.filter(({ constant }) => constant === null);
  const constants = inputs.filter(({ constant }) => constant !== null);
  const wanted = given.map((input) => `"${input.name}" (${describe(input)})`).join(', ');

  function problemOf(fields: Fields): string | null {
    const missing = given.find(({ name }) => !Object.hasOwn(fields, name));
    if (missing !== undefined) {
      const foreign = Object.keys(fields).filter((name) => !inputs.some((input) => input.name === name));
      const near = nearestName(missing.name, foreign);
      const hint = near === null ? '' : `; the record has the field "${near}" instead`;
      return `the field "${missing.name}" is missing: it must be ${describe(missing)}${hint}`;
    }
    const foreign = constants.find(({ name }) => Object.hasOwn(fields, name));
    if (foreign === undefined) return fixed.size === 0 ? null : defaultIn(fields);
    return `the field "${foreign.name}" must be left out: model.json gives its value for all rows (inputs.${foreign.name}.value)`;
  }

  function defaultIn(fields: Fields): string | null {
    const name = Object.keys(fields).find((one) => fixed.has(one));
    return name === undefined ? null : defaultProblem(name);
  }

  return {
    read(row) {
      if (!('json' in row || 'madeUp' in row)) {
        const error = invalidRow(`the row is a file, but the model takes records with the fields ${wanted}`);
        return { ok: false, error };
      }
      const reading: FieldsReading =
        'json' in row ? readRecord(row.json) : { ok: true, fields: row.madeUp as Fields };
      if (!reading.ok) return reading;
      const problem = problemOf(reading.fields);
      return problem === null ? reading : { ok: false, error: invalidRow(problem) };
    },
  };
}
