/** What a delta job has taken over and computed, as text. Pure. */
import type { JobWire } from '../../api/http/wire/job.ts';
import { formatCount, formatCounted } from './format.ts';

type Report = NonNullable<JobWire['delta']>;

/** `1,998 rows taken over from results-1, 12 computed (11 new, 1 changed)` */
export function deltaCounts(
  { previous, taken_over, computed }: Pick<Report, 'previous' | 'taken_over' | 'computed'>,
  suffix = '',
): string {
  const kinds = [
    [computed.new, 'new'],
    [computed.changed, 'changed'],
    [computed.failed_before, 'failed before'],
  ] as const;
  const sum = kinds.reduce((rows, [count]) => rows + count, 0);
  const named = kinds.flatMap(([count, name]) => (count === 0 ? [] : [`${formatCount(count)} ${name}`]));
  const why = named.length === 0 ? '' : ` (${named.join(', ')})`;
  const taken = `${formatCounted(taken_over, 'row')} taken over from ${previous.output}`;
  return `${taken}, ${formatCount(sum)} computed${why}${suffix}`;
}

/** Lines of a summary. `vanishedFile`: the place of the list. */
export function deltaLines(report: Report, vanishedFile: string): string[] {
  const { vanished, recompute } = report;
  return [
    `  delta    ${deltaCounts(report)}`,
    ...(recompute === null ? [] : [`           all rows were computed: ${recompute}`]),
    ...(vanished === null || vanished === 0
      ? []
      : [`  vanished ${formatCounted(vanished, 'row')}: ${vanishedFile}`]),
  ];
}
