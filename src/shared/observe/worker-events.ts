/** Events of a worker: its life, its memory, its models, and the runs of its blocks. */
import type { BatchInvariance } from '../domain/model/batch-invariance.ts';
import type { CacheCounts } from '../domain/job/cache-counts.ts';
import type { MemoryLevel } from '../domain/memory-level.ts';
import type { LaneChoices } from '../queue/workers/worker-registry.ts';
import { event, measurement } from './event-kind.ts';
import type { RunOfBlock } from './tracing/span.ts';

const MEMORY_TEXT: Readonly<Record<MemoryLevel, string>> = {
  normal: 'memory is back below its watermarks',
  slow: 'memory runs short: lanes get one batch at a time',
  stop: 'memory is almost full: no more blocks are taken until some are done',
  kill: 'memory is about to run out',
};

export interface ModelVersion {
  readonly model: string;
  readonly hash: string;
}

export interface ModelTrouble {
  readonly model: string;
  readonly code: string;
  readonly message: string;
}

/** `idle`: `keep_alive_s` is over. `budget`: another model needs its memory. `asked`: an operator asked for it. */
export type UnloadReason = 'idle' | 'budget' | 'asked';

export interface BlockRun {
  readonly job: string;
  readonly block: number;
}

/** Which run it was, and its moments in epoch ms. */
export interface RunTimes {
  /** Unique per run. */
  readonly token: string;
  /** When the block was put on the queue. */
  readonly queuedAt: number;
  readonly startedAt: number;
}

export interface FailedRun extends BlockRun {
  readonly error: string;
}

/** What became of a block that this worker ran or adopted. */
export interface CommittedBlock extends BlockRun {
  readonly run: RunTimes;
  /** Its queue. */
  readonly queue: string;
  /** `counted_before`: another process has already counted the block. */
  readonly outcome: 'counted' | 'counted_before';
  readonly succeeded: number;
  readonly failed: number;
  /** Failed rows by error code. Empty if an earlier run has computed the block. */
  readonly errors: Readonly<Record<string, number>>;
  /** Time of the main thread for this block. Reading is summed over rows. */
  readonly times: {
    readonly beginMs: number;
    readonly readMs: number;
    readonly blockedMs: number;
    readonly writeMs: number;
    readonly commitMs: number;
  };
}

/** A batch that a lane has answered. */
export interface AnsweredBatch {
  /** The queue of its model. */
  readonly queue: string;
  /** The runs of blocks that its rows are of. Online rows are of none. Computed when called, because few need it. */
  readonly runs: () => readonly RunOfBlock[];
  readonly rows: number;
  readonly failed: number;
  /** Model calls that the batch was meant to have. Each takes the batch size of rows. */
  readonly calls: number;
  /** Number of rows that fit into these calls. */
  readonly room: number;
  /** How long its rows waited to be sent, summed over rows. */
  readonly waitedMs: number;
  /** From sending it until its answer. */
  readonly ms: number;
  /** Of the lane's own thread. */
  readonly timings: {
    readonly readMs: number;
    readonly decodeMs: number;
    readonly prepareMs: number;
    readonly inferMs: number;
    readonly postMs: number;
    readonly restMs: number;
    readonly laneWaitMs: number;
    readonly bytes: number;
  };
}

export interface Failure {
  readonly error: string;
}

/** A task that has made files of parts. */
export interface WrittenFiles {
  readonly job: string;
  /** The number of the task. */
  readonly task: number;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly ms: number;
}

export interface CacheFailure extends Failure {
  readonly what: 'read' | 'write' | 'sweep';
  readonly place: string;
}

const CACHE_TEXT: Readonly<Record<CacheFailure['what'], string>> = {
  read: 'the result cache cannot be read: rows are computed without it for 30 s',
  write: 'the result cache cannot be written: rows are computed without it for 30 s',
  sweep: 'the result cache cannot be swept: nothing is added to it for 60 s',
};

export const WORKER_EVENTS = {
  /** `tuned`: names of the models that run with the settings of their profiles. */
  'worker.lanes_planned': event<{
    readonly choices: LaneChoices;
    readonly cpus: number;
    readonly memory_mb: number;
    readonly tuned: readonly string[];
  }>('info', 'lanes planned', ({ choices, ...rest }) => ({ ...choices, ...rest })),
  /** Emitted once for each reason. */
  'worker.serves_nothing': event<{ readonly why: string }>(
    'error',
    ({ why }) => why,
    () => ({}),
  ),
  /** It answers health checks and scrapes at `url`. */
  'worker.listening': event<{ readonly url: string }>('info', 'listening'),
  'worker.heartbeat_failed': event<Failure>('warn', 'the heartbeat failed'),
  'online.failed': event<Failure>('warn', 'an online request failed unexpectedly'),
  'online.take_failed': event<Failure>('warn', 'online requests could not be taken'),
  'worker.draining': event('info', 'draining'),
  /** An operator has drained it, and it holds nothing any more. */
  'worker.drained': event('info', 'drained'),
  'worker.resumed': event('info', 'resumed'),
  'worker.grace_over': event<{ readonly blocks: number }>('warn', 'grace time over, handing blocks back'),
  'worker.sign_off_failed': event<Failure>('warn', 'the worker could not sign off'),

  'memory.level_changed': event<{
    readonly level: MemoryLevel;
    readonly before: MemoryLevel;
    readonly used_mb: number;
    readonly limit_mb: number;
  }>(
    ({ level }) => (level === 'stop' || level === 'kill' ? 'warn' : 'info'),
    ({ level }) => MEMORY_TEXT[level],
  ),
  'memory.lane_killed': event<{ readonly lane: number; readonly rss_mb: number; readonly grown_mb: number }>(
    'error',
    'memory is about to run out: the lane that has grown most is killed, and its rows are tried one by one',
  ),
  /** Memory is at its limit, but killing a lane would not help. Emitted when the level becomes `kill`. */
  'memory.exhausted': event<{ readonly used_mb: number; readonly limit_mb: number }>(
    'error',
    'memory is at its limit, and no batch is to blame: run fewer lanes, or allow more memory',
  ),
  'memory.lane_grown': event<{
    readonly lane: number;
    readonly rss_mb: number;
    readonly baseline_mb: number;
  }>('warn', 'a lane has grown permanently: it restarts once its batches have finished'),

  /** A folder that may hold a model cannot be read. Emitted once for each message. */
  'model.unreadable': event<{ readonly dir: string; readonly code: string; readonly message: string }>(
    'error',
    ({ message }) => message,
    ({ dir, code }) => ({ dir, code }),
  ),
  'model.loaded': event<
    ModelVersion & {
      readonly lanes: number;
      readonly batch_size: number;
      /** When the model's profile was measured, ISO 8601. Absent without a profile. */
      readonly tuned_at?: string;
      readonly load_ms: number;
    }
  >('info', 'model resident'),
  'model.failed': event<ModelTrouble>('error', ({ message }) => message, withoutMessage),
  /** Answers depend on the batch. This event is only information, because the command line warns before a job. */
  'model.batch_variant': event<BatchInvariance & { readonly model: string; readonly advice: string }>(
    'info',
    ({ advice }) => advice,
    ({ model, verdict, maxDifference, batch }) => ({ model, verdict, maxDifference, batch }),
  ),
  /** What the operator should know about a model, such as a missing library that makes it slower. */
  'model.note': event<{ readonly model: string; readonly note: string }>(
    'warn',
    ({ note }) => note,
    ({ model }) => ({ model }),
  ),
  'model.replaced': event<ModelVersion & { readonly dir: string }>(
    'warn',
    'files of the model have changed or are gone: lanes keep what they have loaded',
  ),
  'model.unloaded': event<ModelVersion & { readonly why: UnloadReason }>(
    'info',
    'model has left the lanes, and is loaded again when a job needs it',
  ),
  /** A block waits for a model that cannot be loaded now. Emitted once for each reason. */
  'model.waits': event<ModelVersion & { readonly why: string }>(
    'info',
    ({ why }) => why,
    ({ model, hash }) => ({ model, hash }),
  ),
  'model.retired': event<ModelVersion>('info', 'replaced model has left the lanes'),
  'model.lost': event<ModelTrouble>(
    'error',
    ({ message }) => `${message}: no lane serves it any more`,
    withoutMessage,
  ),
  'models.residency_failed': event<Failure>('warn', 'could not check which models are needed'),
  'models.watch_failed': event<Failure>('warn', 'could not look for changed models'),

  'batch.answered': measurement<AnsweredBatch>(),
  /** Rows of a block that were looked up in the result cache. */
  'rows.cached': measurement<CacheCounts & { readonly queue: string }>(),
  /** Emitted once until the cache is tried again. */
  'cache.failed': event<CacheFailure>('warn', ({ what }) => CACHE_TEXT[what]),
  'cache.swept': event<{
    readonly place: string;
    readonly entries: number;
    readonly bytes: number;
    readonly removed: number;
  }>(({ removed }) => (removed > 0 ? 'info' : 'debug'), 'the result cache was swept'),

  'block.committed': event<CommittedBlock>('debug', 'block committed', withoutTimes),
  'files.written': event<WrittenFiles>('info', 'parts have become files'),
  'block.take_failed': event<Failure>('warn', 'no block taken'),
  'block.superseded': event<BlockRun>('info', 'another run has taken over, so nothing is counted'),
  'block.not_published': event<BlockRun & { readonly why: 'superseded' | 'output_lost' }>(
    'info',
    'the run may not publish, so its results are dropped',
  ),
  'block.run_failed': event<FailedRun & { readonly run: RunTimes }>(
    'warn',
    'the run failed, so the block will run again',
    ({ job, block, error }) => ({ job, block, error }),
  ),
  /** Handing the block back failed too. Another worker gets it when its lock expires. */
  'block.left_to_lock': event<FailedRun>('warn', 'the block stays locked until its lock expires'),

  'sample.failed': event<Failure>('warn', 'a sample was not answered'),
};

function withoutTimes({ job, block, outcome, succeeded, failed, errors }: CommittedBlock): object {
  return { job, block, outcome, succeeded, failed, errors };
}

function withoutMessage({ model, code }: ModelTrouble): object {
  return { model, code };
}
