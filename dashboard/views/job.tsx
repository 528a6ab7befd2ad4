/** One job: how far it is, what limits it, and what it has produced. */
import type { JobWire } from '../../src/api/http/wire/job.ts';
import type { JobStatsWire } from '../../src/api/http/wire/stats.ts';
import { BlockGrid } from '../blocks/block-grid.tsx';
import { bytes, count, duration, percent, rate, when } from '../format.ts';
import { Errors } from '../parts/errors.tsx';
import { JobActions } from '../parts/job-actions.tsx';
import { Numbers } from '../parts/numbers.tsx';
import { Problem } from '../parts/problem.tsx';
import { Progress, Status } from '../parts/progress.tsx';
import { Results } from '../results/results.tsx';
import { StageTimes } from '../parts/stages.tsx';
import { Throughput } from '../parts/throughput.tsx';
import { useJob } from '../parts/use-job.ts';
import { Words } from '../parts/words.tsx';
import { jobLink } from '../route.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';

export function JobView({ id }: { id: string }) {
  const { job, samples, error, refresh } = useJob(id);
  const stats = usePoll(`stats ${id}`, 2000, async () => service().stats(id));
  return (
    <>
      <p>
        <a href="#/jobs">All jobs</a>
      </p>
      <h1 tabIndex={-1}>{id}</h1>
      <Problem error={error} />
      {job && (
        <>
          <Head job={job} answeredBy={stats.data?.answered_by ?? null} />
          <JobActions job={job} onDone={refresh} />
          {stats.data && <Bottleneck stats={stats.data} />}
          <section>
            <h2>Progress</h2>
            <Throughput samples={samples} />
          </section>
          <section>
            <h2>Blocks</h2>
            <BlockGrid id={id} isOver={isOver(job)} />
          </section>
          <section>
            <h2>Where the time went</h2>
            <Problem error={stats.error} />
            {stats.data && <StageTimes stages={stats.data.stages} />}
          </section>
          <section>
            <h2>Failed rows</h2>
            <Errors id={id} failed={job.rows.failed} />
          </section>
          <section>
            <h2>Results</h2>
            <Results job={job} isOver={isOver(job)} />
          </section>
          <Details job={job} stats={stats.data} />
        </>
      )}
    </>
  );
}

function isOver({ finished_at }: JobWire): boolean {
  return finished_at !== null;
}

function Head({
  job,
  answeredBy,
}: {
  job: JobWire;
  /** Null: one model answers all rows. */
  answeredBy: Readonly<Record<string, number>> | null;
}) {
  return (
    <>
      <dl class="figures">
        <Figure name="status">
          <Status status={job.status} />
        </Figure>
        <Figure name="rows">
          <Progress rows={job.rows} />
        </Figure>
        <Figure name="rows per second">{rate(job.throughput.rows_per_s)}</Figure>
        <Figure name="time left">{duration(job.eta_s)}</Figure>
        <Figure name="failed rows">{count(job.rows.failed)}</Figure>
        <Figure name="blocks">
          {count(job.blocks.queued)} queued, {count(job.blocks.running)} running, {count(job.blocks.done)}{' '}
          done
        </Figure>
        {answeredBy !== null && (
          <Figure name="answered by">
            {Object.entries(answeredBy).map(([model, rows]) => (
              <div key={model}>
                {model}: {count(rows)}
              </div>
            ))}
          </Figure>
        )}
        {job.delta !== null && (
          <Figure name="taken over">
            {count(job.delta.taken_over)}
            <small>
              computed: {count(job.delta.computed.new)} new, {count(job.delta.computed.changed)} changed,{' '}
              {count(job.delta.computed.failed_before)} failed before
            </small>
          </Figure>
        )}
        {job.cache !== null && (
          <Figure name="from the result cache">
            {count(job.cache.hits)}
            <small>computed: {count(job.cache.misses)}</small>
          </Figure>
        )}
      </dl>
      {job.reason !== null && (
        <p class="note">
          <code>{job.reason}</code> <Words text={job.reason_text ?? ''} />
        </p>
      )}
      {job.error && (
        <p class="problem">
          <code>{job.error.code}</code> <Words text={job.error.message} />
        </p>
      )}
    </>
  );
}

function Figure({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Bottleneck({ stats }: { stats: JobStatsWire }) {
  const { bottleneck, utilisation } = stats;
  if (!bottleneck) return null;
  return (
    <section class="note" aria-label="Bottleneck">
      <p>
        <strong>Bottleneck: {bottleneck.name.replaceAll('_', ' ')}.</strong> {bottleneck.why}.
      </p>
      <p>
        <Words text={bottleneck.advice} />
      </p>
      <p class="muted">
        Lanes busy {percent(utilisation.lanes)}, decoding {percent(utilisation.decode)}, model{' '}
        {percent(utilisation.model)}.
      </p>
    </section>
  );
}

function Details({ job, stats }: { job: JobWire; stats: JobStatsWire | null }) {
  const options = Object.entries(job.options).filter(([, value]) => value !== null && value !== undefined);
  const rows: [string, string][] = [
    ['model', `${job.model} (${job.model_hash.slice(0, 12)})`],
    ['input', JSON.stringify(job.input)],
    ['output', `${job.output} (${job.output_format})`],
    ['tenant', job.tenant],
    ['created', when(job.created_at)],
    ['started', when(job.started_at)],
    ['finished', when(job.finished_at)],
    ...options.map(([name, value]): [string, string] => [name, String(value)]),
    ...Object.entries(job.metadata).map(([name, value]): [string, string] => [`metadata ${name}`, value]),
  ];
  if (stats) {
    const { queue, workers } = stats;
    rows.push(
      ['rows per model call', `${rate(stats.mean_batch_rows)}, ${percent(stats.mean_batch_fill)} full`],
      ['bytes read', bytes(stats.bytes)],
      ['queue', `${queue.name}: ${count(queue.depth.waiting)} waiting, ${count(queue.depth.active)} active`],
      ['slots', `${count(queue.slots)} of ${count(queue.limit)}`],
      [
        'workers',
        `${count(workers.length)}, lanes: ${count(workers.reduce((sum, { lanes }) => sum + lanes, 0))}`,
      ],
    );
    if (stats.last_run_error !== null) rows.push(['last failed run', stats.last_run_error]);
  }
  return (
    <section>
      <h2>Parameters</h2>
      <Numbers job={job} stats={stats} />
      <table class="narrow">
        <tbody>
          {rows.map(([name, value]) => (
            <tr key={name}>
              <th scope="row">
                <div class="term">{name}</div>
              </th>
              <td class="break">{value}</td>
            </tr>
          ))}
          {job.retry_of !== null && (
            <tr>
              <th scope="row">retry of</th>
              <td>
                <a href={jobLink(job.retry_of)}>{job.retry_of}</a>
              </td>
            </tr>
          )}
        </tbody>
      </table>
    </section>
  );
}
