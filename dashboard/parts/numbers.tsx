/** A table of the numbers that a job runs with, and why each was chosen. */
import type { JobWire } from '../../src/api/http/wire/job.ts';
import type { JobStatsWire } from '../../src/api/http/wire/stats.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';
import { chosenNumbers } from './chosen-numbers.ts';

/** A key without `service:read` may not ask the workers. Then only their own numbers are missing. */
export function Numbers({ job, stats }: { job: JobWire; stats: JobStatsWire | null }) {
  const { data } = usePoll('chosen', 10_000, async () => service().workers());
  return (
    <table class="narrow">
      <caption>Numbers, and why each was chosen</caption>
      <tbody>
        {chosenNumbers(job, stats, data?.data ?? []).map(({ name, value, why }) => (
          <tr key={name + value + why}>
            <th scope="row">{name}</th>
            <td class="number">{value}</td>
            <td>{why}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
