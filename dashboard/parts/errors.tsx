/** The failed rows of a job, grouped by code, with samples. */
import type { ErrorRow } from '../../src/api/http/wire/row.ts';
import { count } from '../format.ts';
import { shortened } from '../results/answer-text.ts';
import { NO_FILTER } from '../results/marks.ts';
import { takeRows } from '../results/take-rows.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';
import { Problem } from './problem.tsx';

const MOST = 1000;
const SAMPLES = 3;
/** Most messages end with advice, so only unusual ones are cut. */
const MESSAGE_LENGTH = 600;

interface Group {
  readonly code: string;
  readonly rows: readonly ErrorRow[];
}

export function groupByCode(rows: readonly ErrorRow[]): Group[] {
  const groups = new Map<string, ErrorRow[]>();
  for (const row of rows) groups.set(row.error.code, [...(groups.get(row.error.code) ?? []), row]);
  return [...groups]
    .map(([code, found]) => ({ code, rows: found }))
    .toSorted((a, b) => b.rows.length - a.rows.length);
}

/** `failed`: number of failed rows. The rows are read again when it changes. */
export function Errors({ id, failed }: { id: string; failed: number }) {
  const { data, error } = usePoll(`errors ${id} ${failed}`, 60_000, async () => {
    if (failed === 0) return [];
    const { rows } = await takeRows((signal) => service().errors(id, { signal }), NO_FILTER, MOST, MOST);
    return rows;
  });
  if (failed === 0) return <p class="muted">No row has failed.</p>;
  return (
    <>
      <Problem error={error} />
      {data && data.length >= MOST && <p class="muted">Of the first {count(MOST)} failed rows:</p>}
      <div class="scroll">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">code</th>
              <th scope="col" class="number">
                rows
              </th>
              <th scope="col">for example</th>
            </tr>
          </thead>
          <tbody>
            {groupByCode(data ?? []).map(({ code, rows }) => (
              <tr key={code}>
                <th scope="row">
                  <a href={`/docs#error-${code}`}>
                    <code>{code}</code>
                  </a>
                </th>
                <td data-name="rows" class="number">
                  {count(rows.length)}
                </td>
                <td data-name="for example">
                  {rows.slice(0, SAMPLES).map((row) => (
                    <p key={row.index}>
                      <code>{row.id}</code> {shortened(row.error.message, MESSAGE_LENGTH)}
                    </p>
                  ))}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
