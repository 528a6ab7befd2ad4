/** All jobs, newest first, with filters. */
import { useState } from 'preact/hooks';
import { JOB_STATUSES, type JobStatus } from '../../src/shared/domain/job/job-state.ts';
import type { JobWire } from '../../src/api/http/wire/job.ts';
import { count, duration, rate, when } from '../format.ts';
import { FindField } from '../parts/find-field.tsx';
import { JobActions } from '../parts/job-actions.tsx';
import { Problem } from '../parts/problem.tsx';
import { Progress, Status } from '../parts/progress.tsx';
import { jobLink } from '../route.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';

const PAGE = 50;

export function JobsView() {
  const [status, setStatus] = useState<JobStatus | ''>('');
  const [text, setText] = useState('');
  const [cursors, setCursors] = useState<readonly string[]>([]);
  const cursor = cursors.at(-1);
  const { data, error, refresh } = usePoll(`jobs ${status} ${cursor}`, 2000, async () =>
    service().jobs({
      limit: PAGE,
      ...(status !== '' && { status: [status] }),
      ...(cursor !== undefined && { cursor }),
    }),
  );
  const jobs = (data?.data ?? []).filter((job) => matches(job, text));
  return (
    <>
      <h1 tabIndex={-1}>Jobs</h1>
      <form class="filters" onSubmit={(event) => event.preventDefault()}>
        <label>
          Status
          <select
            value={status}
            onChange={(event) => {
              setStatus(event.currentTarget.value as JobStatus | '');
              setCursors([]);
            }}
          >
            <option value="">all</option>
            {JOB_STATUSES.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <FindField
          label="Find on this page"
          hint="model, tenant, id, metadata"
          text={text}
          onText={setText}
        />
        <a class="button" href="#/submit">
          New job
        </a>
      </form>
      <Problem error={error} />
      {data && jobs.length === 0 && (
        <p class="muted">
          {data.data.length === 0 ? 'There are no such jobs yet.' : 'No job on this page matches.'}
        </p>
      )}
      {jobs.length > 0 && (
        <div class="scroll">
          <table class="cards">
            <thead>
              <tr>
                <th scope="col">job</th>
                <th scope="col">model</th>
                <th scope="col">status</th>
                <th scope="col">rows</th>
                <th scope="col" class="number">
                  rows/s
                </th>
                <th scope="col" class="number">
                  time left
                </th>
                <th scope="col" class="number">
                  failed
                </th>
                <th scope="col">created</th>
                <th scope="col">
                  <span class="hidden">actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <JobRow key={job.id} job={job} onDone={refresh} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div class="actions">
        <button disabled={cursors.length === 0} onClick={() => setCursors(cursors.slice(0, -1))}>
          Newer
        </button>
        <button disabled={!data?.next_cursor} onClick={() => setCursors([...cursors, data!.next_cursor!])}>
          Older
        </button>
      </div>
    </>
  );
}

function JobRow({ job, onDone }: { job: JobWire; onDone: () => void }) {
  return (
    <tr>
      <th scope="row">
        <a href={jobLink(job.id)}>{job.id}</a>
      </th>
      <td data-name="model">{job.model}</td>
      <td data-name="status">
        <Status status={job.status} />
        {job.reason !== null && <small title={job.reason_text ?? undefined}>{job.reason}</small>}
      </td>
      <td data-name="rows">
        <Progress rows={job.rows} />
      </td>
      <td data-name="rows/s" class="number">
        {rate(job.throughput.rows_per_s)}
      </td>
      <td data-name="time left" class="number">
        {duration(job.eta_s)}
      </td>
      <td data-name="failed" class={job.rows.failed > 0 ? 'number failed' : 'number'}>
        {count(job.rows.failed)}
      </td>
      <td data-name="created">{when(job.created_at)}</td>
      <td>
        <JobActions job={job} onDone={onDone} />
      </td>
    </tr>
  );
}

function matches({ id, model, tenant, metadata }: JobWire, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return true;
  return [id, model, tenant, ...Object.entries(metadata).flat()].some((part) =>
    part.toLowerCase().includes(wanted),
  );
}
