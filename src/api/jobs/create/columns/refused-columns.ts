/** Refusals of columns that a request asks for. */
import { ForebayError } from '../../../../shared/errors.ts';
import { listedNames } from '../../../../shared/text/listed-names.ts';
import { nearestName } from '../../../../shared/text/nearest-name.ts';

type Field = 'join' | 'select' | 'partition_by';

export function refusedColumns(field: Field, message: string): ForebayError {
  return new ForebayError('invalid_request', `The columns cannot be chosen: ${message}.`, {
    issues: [{ path: `/output/${field}`, message }],
  });
}

/** `advice`: a sentence with a space in front, or nothing. */
export function unknownColumns(
  field: Field,
  unknown: readonly string[],
  known: readonly string[],
  advice: string,
): ForebayError {
  const issues = unknown.map((name) => {
    const near = nearestName(name, known);
    const hint = near === null ? '' : `, but there is "${near}"`;
    return { path: `/output/${field}`, message: `there is no column "${name}"${hint}` };
  });
  const there = known.length === 0 ? 'There is none' : `There are: ${listedNames(known)}`;
  return new ForebayError(
    'invalid_request',
    `Cannot ${field.replace('_', ' ')} "${unknown[0]!}": ${issues[0]!.message}. ${there}.${advice}`,
    { issues },
  );
}
