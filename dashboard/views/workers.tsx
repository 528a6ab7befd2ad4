/** All live workers: state, lanes, memory and models. An operator can drain them. */
import { useEffect, useState } from 'preact/hooks';
import type { WorkerWire } from '../../src/api/http/wire/overview.ts';
import { bytes, count, percent, when } from '../format.ts';
import { FindField } from '../parts/find-field.tsx';
import { findWorkers } from '../parts/find-workers.ts';
import { Problem } from '../parts/problem.tsx';
import { trendLine, withValues, type Trends } from '../parts/trend.ts';
import { Status } from '../parts/progress.tsx';
import { service } from '../service.ts';
import { WorkerActions } from '../parts/worker-actions.tsx';
import { usePoll } from '../use-poll.ts';

/** Drawing hundreds every 2 s would make the page slow. */
const PAGE = 50;

export function WorkersView() {
  const { data, error, refresh } = usePoll('workers', 2000, async () => service().workers());
  const workers = data?.data ?? [];
  const [text, setText] = useState('');
  const [page, setPage] = useState(0);
  const found = findWorkers(workers, text);
  const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
  const from = Math.min(page, last) * PAGE;
  const shown = found.slice(from, from + PAGE);
  const [memory, setMemory] = useState<Trends>(new Map());
  useEffect(() => {
    if (data)
      setMemory((before) =>
        withValues(
          before,
          data.data.map(({ id, memory: { rss_bytes } }) => [id, rss_bytes ?? 0]),
        ),
      );
  }, [data]);
  const lanes = workers.reduce((sum, worker) => sum + (worker.lanes?.value ?? 0), 0);
  return (
    <>
      <h1 tabIndex={-1}>Workers</h1>
      <Problem error={error} />
      {data && (
        <p class="muted">
          Live workers: {count(workers.length)}. Lanes: {count(lanes)}.
          {workers.length === 0 && ' Start one with forebay worker.'}
        </p>
      )}
      {workers.length > 1 && (
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <FindField label="Find" hint="host, pool, model or state" text={text} onText={setText} />
        </form>
      )}
      {workers.length > 0 && found.length === 0 && <p class="muted">No worker matches.</p>}
      <div class="scroll">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">worker</th>
              <th scope="col">status</th>
              <th scope="col">pool</th>
              <th scope="col" class="number">
                lanes
              </th>
              <th scope="col" class="number">
                lanes busy
              </th>
              <th scope="col">memory</th>
              <th scope="col">rows in flight</th>
              <th scope="col" class="number">
                event loop delay
              </th>
              <th scope="col">models</th>
              <th scope="col">since</th>
              <th scope="col">actions</th>
            </tr>
          </thead>
          <tbody>
            {shown.map((worker) => (
              <WorkerRow
                key={worker.id}
                worker={worker}
                memory={memory.get(worker.id) ?? []}
                onDone={refresh}
              />
            ))}
          </tbody>
        </table>
      </div>
      {last > 0 && (
        <div class="actions">
          <button aria-disabled={from === 0} onClick={() => setPage(Math.max(0, from / PAGE - 1))}>
            Previous
          </button>
          <button
            aria-disabled={from === last * PAGE}
            onClick={() => setPage(Math.min(last, from / PAGE + 1))}
          >
            Next
          </button>
          <span class="muted">
            {count(from + 1)} to {count(from + shown.length)} of {count(found.length)}
          </span>
        </div>
      )}
    </>
  );
}

function WorkerRow(props: { worker: WorkerWire; memory: readonly number[]; onDone: () => void }) {
  const { worker, memory: trend, onDone } = props;
  const { memory, inflight } = worker;
  return (
    <tr>
      <th scope="row">
        {worker.host} <small>process {worker.pid}</small>
      </th>
      <td data-name="status">
        <Status status={worker.status} />
      </td>
      <td data-name="pool">{worker.pool}</td>
      <td data-name="lanes" class="number" title={worker.lanes?.why}>
        {count(worker.lanes?.value)}
      </td>
      <td data-name="lanes busy" class="number">
        {percent(worker.busy_share)}
      </td>
      <td data-name="memory">
        {bytes(memory.rss_bytes)} of {bytes(memory.limit_bytes)}
        {memory.level !== null && memory.level !== 'normal' && <Status status={memory.level} />}
        {trend.length > 1 && Math.max(...trend) > 0 && (
          <svg
            class="trend"
            viewBox="0 0 120 24"
            role="img"
            aria-label={`Memory from ${bytes(trend[0])} to ${bytes(trend.at(-1))} since this page was opened`}
          >
            <polyline points={trendLine(trend, Math.max(...trend) * 1.5, 120, 24)} />
          </svg>
        )}
      </td>
      <td data-name="rows in flight">
        {percent(inflight.limit_bytes === 0 ? 0 : inflight.used_bytes / inflight.limit_bytes)} of{' '}
        {bytes(inflight.limit_bytes)}
      </td>
      <td data-name="event loop delay" class="number">
        {worker.lag_p99_ms} ms
      </td>
      <td data-name="models">
        {worker.models.map((model) => (
          <p key={`${model.name} ${model.version}`}>
            {model.name}
            {model.version !== null && `@${model.version}`} <Status status={model.status} />
            {model.problem && <small>{model.problem.message}</small>}
          </p>
        ))}
      </td>
      <td data-name="since">{when(worker.started_at)}</td>
      <td data-name="actions">
        <WorkerActions worker={worker} onDone={onDone} />
      </td>
    </tr>
  );
}
