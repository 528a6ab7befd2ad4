/** Chooses the columns of the output (`select`). */
import type { AskedColumns } from '../../../../shared/domain/join.ts';
import type { ResultColumn } from '../../../../shared/domain/job/part-format.ts';
import type { TakenColumn } from './joined-columns.ts';
import { refusedColumns, unknownColumns } from './refused-columns.ts';

/** Every output begins with them. */
const ALWAYS: readonly string[] = ['index', 'id'];

/** In the order of `select`. Throws ForebayError `invalid_request`. */
export function selectColumns(
  select: AskedColumns['select'],
  results: readonly ResultColumn[],
  taken: readonly TakenColumn[],
  join: AskedColumns['join'],
): ResultColumn[] {
  const all = [...results, ...taken.map(({ column }) => column)];
  if (select === undefined) return all;
  const wanted = select.filter((name) => !ALWAYS.includes(name));
  const unknown = wanted.filter((name) => !all.some((column) => column.name === name));
  if (unknown.length > 0) {
    const advice = join === undefined ? ' Columns of the input need "join".' : '';
    throw unknownColumns('select', unknown, [...ALWAYS, ...all.map(({ name }) => name)], advice);
  }
  const lost = taken.filter(({ column }) => !wanted.includes(column.name));
  const isLost = join === true ? taken.length > 0 && lost.length === taken.length : lost.length > 0;
  if (isLost) {
    const names = lost.map(({ column }) => `"${column.name}"`).join(', ');
    throw refusedColumns(
      'select',
      `"select" leaves out ${join === true ? 'every joined column' : 'a joined column'} (${names}): add ${lost.length === 1 ? 'it' : 'those that you want'} to "select", or leave "join" out`,
    );
  }
  return wanted.map((name) => all.find((column) => column.name === name)!);
}
