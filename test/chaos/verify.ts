// Checks after a seed: the rows are those of an undisturbed run, the counters are right, and nothing is left over.
import type { Redis } from 'ioredis';
import { waitUntil } from '../support/wait-until.ts';
import type { Cluster } from './cluster.ts';
import type { ChaosJob } from './job.ts';
import { errorsByCode, outcomeOf, readManifest, type Outcome } from './outcome.ts';

/** A dead worker's leftovers stay until its lock expires (10 s) and two stalled-block checks have run (5 s each). */
const SETTLE_MS = 30_000;

/** A job that has ended, and where its output is. */
export interface EndedJob {
  readonly id: string;
  readonly folder: string;
  /** Its tenant's key. Absent if the API requires none. */
  readonly key?: string;
}

/** Call this when the jobs have ended and the workers are alive. Returns one message per problem. */
export async function verify(
  cluster: Cluster,
  ended: readonly EndedJob[],
  job: ChaosJob,
  expected: Outcome,
): Promise<string[]> {
  const wrong: string[] = [];
  for (const one of ended) wrong.push(...(await verifyJob(cluster, one, job, expected)));
  let left: string[] = [];
  await waitUntil(
    'Redis to hold only what is documented',
    async () => (left = await cluster.redis.ask(leftInRedis)).length === 0,
    SETTLE_MS,
  ).catch(() => wrong.push(...left));
  await cluster.stopWorkers();
  await cluster.stopApis();
  for (const { folder } of ended) {
    wrong.push(...compare(await outcomeOf(cluster.place, folder), expected));
    const staged = await cluster.place.staged(folder);
    if (staged > 0) wrong.push(`${staged} staged files are left in ${folder}`);
  }
  await waitUntil('all processes to be gone', () => cluster.processesLeft().length === 0, 5_000).catch(() => {
    wrong.push(...cluster.processesLeft().map(({ pid, command }) => `process ${pid} is left: ${command}`));
  });
  wrong.push(...cluster.temporaryFiles().map((name) => `${name} is left in the temporary folder`));
  return [...wrong, ...cluster.surprises];
}

async function verifyJob(
  cluster: Cluster,
  { id, folder, key }: EndedJob,
  { rows, blockRows }: ChaosJob,
  expected: Outcome,
): Promise<string[]> {
  const failed = expected.errors.split('\n').length - 1;
  const counts = { total: rows, succeeded: rows - failed, failed };
  const record = (await cluster.job(id, key))!;
  const { manifest, wrong } = await readManifest(cluster.place, folder);
  const same = (what: string, is: unknown, should: unknown) => {
    const [a, b] = [JSON.stringify(is), JSON.stringify(should)];
    if (a !== b) wrong.push(`${what}: ${a} instead of ${b}`);
  };
  same('status', [record.status, manifest.status], ['completed', 'completed']);
  const { total, succeeded, failed: failures } = record.rows;
  same("the job's counters", { total, succeeded, failed: failures }, counts);
  same("the manifest's counters", manifest.rows, counts);
  const byCode = (codes: Iterable<[string, number]>) => [...codes].sort(([a], [b]) => (a < b ? -1 : 1));
  same(
    "the manifest's errors by code",
    byCode(Object.entries(manifest.errors_by_code)),
    byCode(errorsByCode(expected)),
  );
  same('blocks done', record.blocks.done, Math.ceil(rows / blockRows));
  same('blocks in the manifest', manifest.parts.length, Math.ceil(rows / blockRows));
  const streamed = await (await cluster.request(`/v1/jobs/${id}/results`, {}, { key })).text();
  if (streamed !== (await outcomeOf(cluster.place, folder)).results)
    wrong.push('the API streams other rows than the parts contain');
  return wrong;
}

function compare(outcome: Outcome, expected: Outcome): string[] {
  const wrong: string[] = [];
  for (const kind of ['results', 'errors'] as const) {
    if (outcome[kind] === expected[kind]) continue;
    wrong.push(`${kind} differ: ${difference(outcome[kind], expected[kind])}`);
  }
  const extra = outcome.names.filter((name) => !expected.names.includes(name));
  const absent = expected.names.filter((name) => !outcome.names.includes(name));
  wrong.push(...extra.map((name) => `${name} is left in the output`));
  wrong.push(...absent.map((name) => `${name} is missing from the output`));
  return wrong;
}

function difference(is: string, should: string): string {
  const [ours, theirs] = [is.split('\n'), should.split('\n')];
  const at = theirs.findIndex((line, i) => line !== ours[i]);
  return `${ours.length} lines instead of ${theirs.length}, first ${ours[at]} instead of ${theirs[at]}`;
}

/** Lists keys that ended jobs must not leave. They may leave records that expire, and failed runs in their queue. */
async function leftInRedis(redis: Redis): Promise<string[]> {
  const wrong: string[] = [];
  const keys = (await redis.keys('*')).sort();
  for (const key of keys.filter((name) => name.startsWith('forebay:{job_'))) {
    if (!/\}:(committed|events|job|stats)$/.test(key)) wrong.push(`${key} is left`);
    else if ((await redis.ttl(key)) < 0) wrong.push(`${key} never expires`);
  }
  if ((await redis.scard('forebay:{index}:active')) > 0) wrong.push('a job still counts as active');
  for (const key of keys) {
    if (/:output:|:samples$|:places$|:feeders$/.test(key)) wrong.push(`${key} is left`);
    const queue = /^(forebay:queues:.+):(active|wait|prioritized|delayed|stalled)$/.exec(key);
    if (queue) wrong.push(`${key} is not empty`);
  }
  const failed = new Set<string>();
  for (const key of keys.filter((name) => /^forebay:queues:.+:failed$/.test(name))) {
    for (const job of await redis.zrange(key, '0', '-1')) failed.add(job);
  }
  if (failed.size > MOST_FAILED) wrong.push(`${failed.size} failed runs are kept`);
  for (const key of keys.filter((name) => /^forebay:queues:.*:job_[0-9A-Z]{26}-/.test(name))) {
    if (key.endsWith(':lock') || !failed.has(key.split(':').at(-1)!)) wrong.push(`${key} is left`);
  }
  return wrong;
}

/** The number of failed runs that block-queue.ts keeps. */
const MOST_FAILED = 100;
