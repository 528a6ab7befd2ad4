/** The rows of a job with their answers, page by page: as pictures, or as a table. */
import { useState } from 'preact/hooks';
import type { JobWire } from '../../src/api/http/wire/job.ts';
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { count } from '../format.ts';
import { Problem } from '../parts/problem.tsx';
import { hasKey, service } from '../service.ts';
import { usePoll } from '../use-poll.ts';
import { answerOf } from './answer-text.ts';
import { FilterForm, type Look } from './filter-form.tsx';
import { failureOf, isFiltering, marksOf, NO_FILTER, type RowFilter } from './marks.ts';
import { RowDialog } from './row-dialog.tsx';
import { takeRows } from './take-rows.ts';
import { Thumbnail } from './thumbnail.tsx';
import { useModelFacts } from './use-model-facts.ts';

const PAGE = 24;
const MOST_LOOKED = 5000;

export function Results({ job, isOver }: { job: JobWire; isOver: boolean }) {
  const { id, rows: counts } = job;
  const [pages, setPages] = useState<readonly number[]>([0]);
  const [filter, setFilter] = useState<RowFilter>(NO_FILTER);
  const [chosen, setLook] = useState<Look | null>(null);
  const [open, setOpen] = useState<ResultRow | ErrorRow | null>(null);
  const { takesPictures, isUpright } = useModelFacts(job);
  const from = pages.at(-1)!;
  // A partitioned output returns rows file by file, so the next page cannot start after the last index of this one.
  const isPartitioned = isOver && (job.output_compact?.partition_by ?? null) !== null;
  const key = `results ${id} ${from} ${JSON.stringify(filter)} ${isOver}`;
  const [settled, setSettled] = useState('');
  // A page that is full never changes. One that is not may grow until the job has ended.
  const { data, error } = usePoll(key, isOver || settled === key ? 600_000 : 5000, async () => {
    const page = await takeRows(
      (signal) => service().results(id, { fromRow: from, includeErrors: true, signal }),
      filter,
      PAGE,
      MOST_LOOKED,
    );
    if (page.next !== null) setSettled(key);
    return page;
  });
  const rows = data?.rows ?? [];
  const look = chosen ?? (takesPictures ? 'pictures' : 'table');
  const labels = [...new Set(rows.flatMap((row) => marksOf(row).map(({ label }) => label)))].toSorted();
  return (
    <>
      <FilterForm
        filter={filter}
        look={look}
        labels={labels}
        onFilter={(next) => {
          setFilter(next);
          setPages([0]);
        }}
        onLook={setLook}
      />
      <Problem error={error} />
      {data && (
        <p class="muted" aria-live="polite">
          {summary(rows, data.looked, filter, counts)}
        </p>
      )}
      {look === 'pictures' ? (
        <ul class="cards">
          {rows.map((row) => (
            <Thumbnail
              key={row.index}
              job={id}
              row={row}
              filter={filter}
              isUpright={isUpright}
              onOpen={() => setOpen(row)}
            />
          ))}
        </ul>
      ) : (
        rows.length > 0 && <RowTable rows={rows} onOpen={setOpen} />
      )}
      <div class="actions">
        <button disabled={pages.length === 1} onClick={() => setPages(pages.slice(0, -1))}>
          Previous
        </button>
        <button
          disabled={data === null || data.next === null || isPartitioned}
          onClick={() => setPages([...pages, data!.next!])}
        >
          Next
        </button>
        {isPartitioned && (
          <span class="muted">
            The rows of a partitioned output have no common order, so there is no next page.
          </span>
        )}
        {hasKey() ? (
          <span class="muted">
            All results: <code>forebay results {id}</code>
          </span>
        ) : (
          <a href={`/v1/jobs/${encodeURIComponent(id)}/results?include=errors`} download={`${id}.jsonl`}>
            Download all results
          </a>
        )}
      </div>
      {open && (
        <RowDialog job={id} row={open} filter={filter} isUpright={isUpright} onClose={() => setOpen(null)} />
      )}
    </>
  );
}

function summary(
  rows: readonly (ResultRow | ErrorRow)[],
  looked: number,
  filter: RowFilter,
  { succeeded, failed }: JobWire['rows'],
): string {
  if (looked === 0) {
    return succeeded + failed === 0
      ? 'No results yet.'
      : 'No rows here yet. Rows appear in the order of the input.';
  }
  if (isFiltering(filter)) return `Rows that match: ${count(rows.length)} of ${count(looked)}.`;
  if (rows.length === 1) return `Row ${count(rows[0]!.index)}.`;
  return `Rows ${count(rows[0]!.index)} to ${count(rows.at(-1)!.index)}.`;
}

function RowTable({
  rows,
  onOpen,
}: {
  rows: readonly (ResultRow | ErrorRow)[];
  onOpen: (row: ResultRow | ErrorRow) => void;
}) {
  return (
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
            <tr key={row.index} class={failureOf(row) === null ? '' : 'failed'}>
              <td class="number">{count(row.index)}</td>
              <th scope="row">
                <button class="plain" onClick={() => onOpen(row)}>
                  <code class="break">{row.id}</code>
                </button>
              </th>
              <td class="break">{answerOf(row)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
