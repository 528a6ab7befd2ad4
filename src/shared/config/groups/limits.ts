/** Limits of the service, of one job, of one queue and of one tenant. */
import { ANY_COUNT, count, megabytes, perSecond, text } from '../setting.ts';

export const LIMITS = {
  maxJobs: count({
    env: 'FOREBAY_MAX_JOBS',
    fallback: 100,
    flag: { usage: '--max-jobs <n>' },
    what: 'Jobs queued, running or paused at once',
    trade: 'More jobs take more memory in Redis. Above the limit a submit gets 429.',
  }),
  maxRows: count({
    env: 'FOREBAY_MAX_ROWS',
    max: ANY_COUNT,
    what: 'Rows of one job',
    trade:
      'A limit protects the service from endless inputs. A list that is too long is refused at submit. A job over a folder or a file fails when counting or feeding finds more rows.',
    unset: 'no limit',
  }),
  queueLimit: count({
    env: 'FOREBAY_QUEUE_LIMIT',
    flag: { usage: '--queue-limit <blocks>' },
    what: 'Blocks on one queue over all jobs',
    trade: 'A higher limit hides a slow feeder. A lower one saves memory in Redis.',
    unset: 'max(64, 8 x live lanes), more while blocks are tiny',
  }),
};

export const ONLINE = {
  onlineMaxRequests: count({
    env: 'FOREBAY_ONLINE_MAX_REQUESTS',
    fallback: 1000,
    what: 'Online requests open at once, over all API processes',
    trade: 'With a higher limit, requests may wait longer for an answer. Above the limit a request gets 429.',
  }),
  onlineMaxBytes: megabytes({
    env: 'FOREBAY_ONLINE_MAX_MB',
    fallback: 64,
    min: 16,
    what: 'Bytes of all open online requests together',
    trade:
      'They are in the memory of the API, and also in that of Redis or a worker, or in FOREBAY_ONLINE_DIR. Above the limit a request gets 429.',
  }),
  onlineDir: text({
    env: 'FOREBAY_ONLINE_DIR',
    what: 'Folder in memory that the API and workers of one machine share. Bodies of online requests above 16 KB pass through it as files. `off`: they pass through Redis',
    trade:
      'Saves 0.3 ms of CPU for a body of 100 KB. The folder must be private to Forebay, and have room for FOREBAY_ONLINE_MAX_MB. If it is full, or a worker does not share it, bodies pass through Redis.',
    unset:
      'for processes that one command starts, a new folder in /dev/shm where that exists; otherwise `off`',
  }),
};

export const QUOTAS = {
  quotaRequestsPerS: perSecond({
    env: 'FOREBAY_QUOTA_REQUESTS_PER_S',
    fallback: 100,
    what: "Requests per second of one tenant's keys to one API process",
    trade:
      'Bursts of twice as many pass. Above that the response is 429. A higher quota lets one tenant use more of the API.',
  }),
  quotaJobs: count({
    env: 'FOREBAY_QUOTA_JOBS',
    what: 'Jobs of one tenant queued, running or paused',
    trade: 'A quota leaves room for other tenants. Above it a submit gets 429.',
    unset: 'no limit',
  }),
  quotaRows: count({
    env: 'FOREBAY_QUOTA_ROWS',
    max: ANY_COUNT,
    what: 'Unfinished rows over all jobs of one tenant',
    trade: 'A quota leaves computing time for other tenants. It is checked at submit.',
    unset: 'no limit',
  }),
  quotaStoredBytes: megabytes({
    env: 'FOREBAY_QUOTA_STORED_MB',
    max: 1_000_000_000,
    what: "Results of one tenant's jobs that ended in the last seven days",
    trade: 'A quota leaves disk space for other tenants. It is checked at submit.',
    unset: 'no limit',
  }),
};
