/** The rows of a job with their answers, page by page. */
import { useState } from 'preact/hooks';
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { count } from '../format.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';
import { Problem } from './problem.tsx';
import { take } from './take.ts';

const PAGE = 25;
const LONGEST = 200;

export function Results({ id, finished }: { id: string; finished: number }) {
  const [pages, setPages] = useState<readonly number[]>([0]);
  const from = pages.at(-1)!;
  // A page that is full never changes. One that is not may grow.
  const { data, error } = usePoll(`results ${id} ${from}`, 5000, async () =>
    take(PAGE, (signal) => service().results(id, { fromRow: from, includeErrors: true, signal })),
  );
  const rows = data ?? [];
  return (
    <>
      <Problem error={error} />
      {rows.length === 0 ? (
        <p class="muted">
          {finished === 0 ? 'No results yet.' : 'No rows here yet. Rows appear in their order.'}
        </p>
      ) : (
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col" class="number">
                  row
                </th>
                <th scope="col">id</th>
                <th scope="col">answer</th>
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.index} class={'error' in row ? 'failed' : ''}>
                  <td class="number">{count(row.index)}</td>
                  <th scope="row">
                    <code>{row.id}</code>
                  </th>
                  <td>{answerOf(row)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div class="actions">
        <button disabled={pages.length === 1} onClick={() => setPages(pages.slice(0, -1))}>
          Previous
        </button>
        <button disabled={rows.length < PAGE} onClick={() => setPages([...pages, rows.at(-1)!.index + 1])}>
          Next
        </button>
      </div>
    </>
  );
}

function isError(row: ResultRow | ErrorRow): row is ErrorRow {
  return 'error' in row;
}

/** One line for a person. The whole row is in the output. */
export function answerOf(row: ResultRow | ErrorRow): string {
  if (isError(row)) return `${row.error.code}: ${row.error.message}`;
  const { predictions, detections, segments, entities, value, embedding } = row;
  // Code of users may answer anything.
  const score = (part: unknown) => {
    const { label, index, score: found } = (part ?? {}) as Readonly<Record<string, unknown>>;
    const name = typeof label === 'string' ? label : typeof index === 'number' ? String(index) : '?';
    return `${name} ${typeof found === 'number' ? found.toFixed(3) : ''}`.trim();
  };
  if (Array.isArray(predictions)) return predictions.map(score).join(', ');
  if (Array.isArray(detections)) return listed(detections.map(score), 'objects');
  if (Array.isArray(segments)) return listed(segments.map(score), 'segments');
  if (Array.isArray(entities)) return listed(entities.map(score), 'entities');
  if (value !== undefined) return String(value);
  if (Array.isArray(embedding)) return `${embedding.length} numbers: ${embedding.slice(0, 4).join(', ')}, …`;
  const { index: _, id: __, ...rest } = row;
  const text = JSON.stringify(rest);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

function listed(parts: readonly string[], what: string): string {
  return parts.length === 0 ? `no ${what}` : parts.join(', ').slice(0, LONGEST);
}
