/** A page of jobs, newest first. */
import type { JobRecord } from '../../shared/domain/job/job.ts';
import type { JobStatus } from '../../shared/domain/job/job-state.ts';
import { ForebayError } from '../../shared/errors.ts';
import { nullIfNewer } from '../../shared/queue/jobs/job-specs.ts';
import type { JobStore } from '../../shared/queue/jobs/job-store.ts';
import { jobToWire } from '../http/wire/job.ts';
import type { JobListWire } from '../http/wire/job-list.ts';
import { JOB_ID } from '../http/wire/scalars.ts';

/** Maximum number of jobs read for one page. It bounds the work of one request. */
const MAX_SCAN = 2000;
const CHUNK = 100;

export interface JobListRequest {
  /** Null: the jobs of all tenants. */
  readonly tenant: string | null;
  readonly limit: number;
  /** Id of the job after which the page begins. Null: the first page. */
  readonly cursor: string | null;
  /** Null: all. */
  readonly statuses: ReadonlySet<JobStatus> | null;
}

/** Skips expired records, and jobs of a newer version of Forebay. Rejects with ForebayError `invalid_cursor`. */
export async function listJobs(
  jobs: Pick<JobStore, 'list' | 'get'>,
  { tenant, limit, cursor, statuses }: JobListRequest,
): Promise<JobListWire> {
  if (cursor !== null && !JOB_ID.safeParse(cursor).success) {
    throw new ForebayError(
      'invalid_cursor',
      `"${cursor}" is not a cursor. Pass next_cursor of the previous page, or leave it out for the first page.`,
      { issues: [{ path: '/query/cursor', message: 'not a cursor' }] },
    );
  }
  const found: JobRecord[] = [];
  let before = cursor;
  for (let scanned = 0; scanned < MAX_SCAN; scanned += CHUNK) {
    const ids = await jobs.list(before, CHUNK, tenant);
    const records = await Promise.all(ids.map((id) => jobs.get(id).catch(nullIfNewer)));
    for (const record of records) {
      if (record && (statuses === null || statuses.has(record.status))) found.push(record);
    }
    before = ids.at(-1) ?? before;
    if (ids.length < CHUNK) return page(found, limit, null);
    if (found.length > limit) break;
  }
  return page(found, limit, before);
}

/** `rest`: where reading continues after all of `found`. Null at the end of the list. */
function page(found: readonly JobRecord[], limit: number, rest: string | null): JobListWire {
  const data = found.slice(0, limit);
  const next = found.length > limit ? data.at(-1)!.spec.id : rest;
  return { object: 'list', data: data.map(jobToWire), has_more: next !== null, next_cursor: next };
}
