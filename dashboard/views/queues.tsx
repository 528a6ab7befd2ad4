/** All queues: how full each is, how long its blocks wait, and why its jobs wait. */
import { count, duration } from '../format.ts';
import { Problem } from '../parts/problem.tsx';
import { Status } from '../parts/progress.tsx';
import { jobLink } from '../route.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';

export function QueuesView() {
  const { data, error } = usePoll('queues', 2000, async () => service().queues());
  return (
    <>
      <h1 tabIndex={-1}>Queues</h1>
      <Problem error={error} />
      {data?.data.length === 0 && <p class="muted">No live worker and no active job, so no queue.</p>}
      <div class="scroll">
        <table class="cards">
          <thead>
            <tr>
              <th scope="col">model</th>
              <th scope="col">pool</th>
              <th scope="col">slots</th>
              <th scope="col" class="number">
                waiting
              </th>
              <th scope="col" class="number">
                active
              </th>
              <th scope="col" class="number">
                oldest
              </th>
              <th scope="col" class="number">
                lanes
              </th>
              <th scope="col">jobs, and why they wait</th>
            </tr>
          </thead>
          <tbody>
            {data?.data.map((queue) => (
              <tr key={queue.name}>
                <th scope="row">
                  {queue.model} <small>{queue.model_hash.slice(0, 12)}</small>
                </th>
                <td data-name="pool">{queue.pool}</td>
                <td data-name="slots">
                  <div class="progress">
                    <meter min={0} max={queue.limit} value={queue.slots} aria-label="Slots in use" />
                    <span>
                      {count(queue.slots)} of {count(queue.limit)}
                    </span>
                  </div>
                </td>
                <td data-name="waiting" class="number">
                  {count(queue.waiting)}
                </td>
                <td data-name="active" class="number">
                  {count(queue.active)}
                </td>
                <td data-name="oldest" class="number">
                  {duration(queue.oldest_s)}
                </td>
                <td data-name="lanes" class="number">
                  {count(queue.lanes)}
                </td>
                <td data-name="jobs">
                  {queue.jobs.map((job) => (
                    <p key={job.id}>
                      <a href={jobLink(job.id)}>{job.id}</a> <Status status={job.status} />
                      {job.reason !== null && (
                        <small>
                          {job.reason}: {job.reason_text}
                        </small>
                      )}
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
