/** What a job would do, and how fast. */
import type { PlanRange, PlanWire } from '../../src/api/http/wire/plan.ts';
import { bytes, count, duration, rate } from '../format.ts';
import { Words } from './words.tsx';

export function PlanView({ plan }: { plan: PlanWire }) {
  const { estimate, rows, numbers, sample, warnings } = plan;
  return (
    <section aria-live="polite">
      <h2>Plan</h2>
      <dl class="figures">
        <div>
          <dt>rows</dt>
          <dd>{rows.total === null ? `at least ${count(rows.at_least)}` : count(rows.total)}</dd>
        </div>
        <div>
          <dt>rows per second</dt>
          <dd>{range(estimate.rows_per_s, rate)}</dd>
        </div>
        <div>
          <dt>time</dt>
          <dd>{range(estimate.eta_s, duration)}</dd>
        </div>
        <div>
          <dt>failed rows of the sample</dt>
          <dd>{sample ? `${count(sample.failed_rows)} of ${count(sample.rows)}` : '–'}</dd>
        </div>
      </dl>
      <p class="muted">{estimate.why}</p>
      {warnings.length > 0 && (
        <ul class="note">
          {warnings.map((warning) => (
            <li key={warning}>
              <Words text={warning} />
            </li>
          ))}
        </ul>
      )}
      <table class="narrow">
        <caption>Numbers, and why each was chosen</caption>
        <tbody>
          {Object.entries(numbers).flatMap(([name, choice]) =>
            choice === null
              ? []
              : [
                  <tr key={name}>
                    <th scope="row">{name.replace(/_bytes$/, '').replaceAll('_', ' ')}</th>
                    <td class="number">
                      {name.endsWith('bytes') ? bytes(choice.value) : count(choice.value)}
                    </td>
                    <td>{choice.why}</td>
                  </tr>,
                ],
          )}
        </tbody>
      </table>
    </section>
  );
}

function range(estimate: PlanRange | null, format: (value: number) => string): string {
  if (estimate === null) return '–';
  const { value, low, high } = estimate;
  return low === null || high === null
    ? format(value)
    : `${format(value)} (${format(low)} to ${format(high)})`;
}
