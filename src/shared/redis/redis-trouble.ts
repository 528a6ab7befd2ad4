/** What keeps Redis from doing what it is asked, read from its errors, with words for users and operators. Pure. */
import { ForebayError, type ErrorCode } from '../errors.ts';

/** `away`: no answer, or none yet. The next four refuse writes. `cluster`: keys lie on several servers. */
export type RedisTrouble = 'away' | 'read_only' | 'full' | 'not_saving' | 'few_replicas' | 'cluster';

interface Words {
  readonly code: ErrorCode;
  /** For users, who may be anybody: no address. */
  readonly says: string;
  /** For the operator. */
  readonly advice: string;
  /** Seconds after which a retry makes sense. */
  readonly retryAfterS?: number;
}

const WORDS: Readonly<Record<RedisTrouble, Words>> = {
  away: {
    code: 'queue_unavailable',
    says: 'Redis cannot be reached at the moment; try again soon.',
    advice: 'start it, or correct REDIS_URL',
    retryAfterS: 1,
  },
  read_only: {
    code: 'redis_read_only',
    says: 'Redis refuses writes: it is a read-only replica, as during a failover.',
    advice: 'a failover passes by itself; otherwise let REDIS_URL name the primary',
    retryAfterS: 2,
  },
  full: {
    code: 'redis_full',
    says: 'Redis refuses writes: it is full (maxmemory).',
    advice: 'raise its maxmemory, or remove keys that are not of Forebay',
    retryAfterS: 10,
  },
  not_saving: {
    code: 'redis_not_saving',
    says: 'Redis refuses writes: it cannot save its data to disk.',
    advice: 'its log says why; usually its disk is full or its folder cannot be written',
    retryAfterS: 10,
  },
  few_replicas: {
    code: 'redis_read_only',
    says: 'Redis refuses writes: too few of its replicas are connected.',
    advice: 'start its replicas, or lower min-replicas-to-write',
    retryAfterS: 10,
  },
  cluster: {
    code: 'redis_cluster',
    says: 'Redis runs in cluster mode, which Forebay does not support yet.',
    advice: 'use a Redis without cluster mode (cluster-enabled no)',
  },
};

/** First word of a reply, also where a script (`... -OOM ...`) or a transaction (`because of: OOM ...`) quotes it. */
const REPLIES: Readonly<Record<string, RedisTrouble>> = {
  READONLY: 'read_only',
  MASTERDOWN: 'read_only',
  UNBLOCKED: 'read_only',
  OOM: 'full',
  MISCONF: 'not_saving',
  NOREPLICAS: 'few_replicas',
  MOVED: 'cluster',
  ASK: 'cluster',
  CLUSTERDOWN: 'cluster',
  CROSSSLOT: 'cluster',
  LOADING: 'away',
  BUSY: 'away',
  NOAUTH: 'away',
  WRONGPASS: 'away',
};
const REPLY = new RegExp(`(?:^|[-:] ?)(${Object.keys(REPLIES).join('|')}) `);
const TOO_MANY_CLIENTS = /^ERR max number of clients/;

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);
/** The client library's words for commands that a broken connection took along. */
const CUT_OFF = /Connection is closed|Command aborted due to connection close|Stream isn't writeable/;

/** Null: the error is of another kind. */
export function redisTrouble(error: unknown): RedisTrouble | null {
  if (error instanceof ForebayError) return TROUBLE_OF.get(error.code) ?? null;
  if (!(error instanceof Error)) return null;
  if (error.name === 'ReplyError') return troubleOfReply(error);
  if (error.name === 'MaxRetriesPerRequestError' || CUT_OFF.test(error.message)) return 'away';
  return NETWORK.has((error as NodeJS.ErrnoException).code ?? '') ? 'away' : null;
}

const TROUBLE_OF = new Map(
  // The first of those that share a code.
  Object.entries(WORDS)
    .toReversed()
    .map(([trouble, { code }]) => [code, trouble as RedisTrouble]),
);

function troubleOfReply(error: Error): RedisTrouble | null {
  const word = REPLY.exec(error.message)?.[1];
  if (word !== undefined) return REPLIES[word]!;
  if (TOO_MANY_CLIENTS.test(error.message)) return 'away';
  // A transaction fails as a whole for what was wrong with its first part.
  const { previousErrors } = error as { previousErrors?: readonly unknown[] };
  return previousErrors?.map(redisTrouble).find((found) => found !== null) ?? null;
}

/** Whether Redis answered and refused: nothing of the command was done, so that sending it once more is safe. */
export function refusesWrites(error: unknown): boolean {
  const trouble = redisTrouble(error);
  return trouble !== null && trouble !== 'away' && trouble !== 'cluster';
}

/** The error in Forebay's words; null where it is no trouble of Redis. `cause` replaces it in logs. */
export function redisProblem(error: unknown, cause: unknown = error): ForebayError | null {
  const trouble = redisTrouble(error);
  if (trouble === null) return null;
  const { code, says, retryAfterS } = WORDS[trouble];
  return new ForebayError(code, says, { cause, ...(retryAfterS !== undefined && { retryAfterS }) });
}

export function clusterRefused(cause?: unknown): ForebayError {
  const { code, says, advice } = WORDS.cluster;
  return new ForebayError(code, `${says.replace(/\.$/, '')}: ${advice}.`, { cause });
}

export function redisAdvice(trouble: RedisTrouble): string {
  return WORDS[trouble].advice;
}
