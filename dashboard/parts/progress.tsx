/** A job's state and how far it is. */
import type { JobWire } from '../../src/api/http/wire/job.ts';
import { count } from '../format.ts';

export function Status({ status }: { status: string }) {
  return <span class={`status ${status}`}>{status}</span>;
}

export function Progress({ rows }: { rows: JobWire['rows'] }) {
  const done = rows.succeeded + rows.failed;
  const { total } = rows;
  return (
    <div class="progress">
      {/* Without a value, the element shows that the total is not known. */}
      <progress
        max={total === 0 ? 1 : (total ?? 1)}
        value={total === null ? undefined : total === 0 ? 1 : done}
        aria-label={total === null ? 'Not counted yet' : `${done} of ${total} rows`}
      />
      <span>
        {count(done)}
        {total !== null && ` of ${count(total)}`}
      </span>
    </div>
  );
}
