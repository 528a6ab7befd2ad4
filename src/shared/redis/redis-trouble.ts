/** Determines from an error what is wrong with Redis, with messages for users and operators. Pure. */
import { ForebayError, type ErrorCode } from '../errors.ts';

/**
 * `away`: no answer, none yet, or a refused login. The next five mean that Redis refuses writes. `moved`: another server of
 * the cluster has the keys, or none has them. `cluster`: keys are on several servers.
 */
export type RedisTrouble =
  | 'away'
  | 'read_only'
  | 'moved'
  | 'full'
  | 'not_saving'
  | 'few_replicas'
  | 'cluster';

interface Words {
  readonly code: ErrorCode;
  /** For users. It names no address, because anybody may be a user. */
  readonly says: string;
  /** For the operator, as a clause. */
  readonly advice: string;
  /** Seconds after which a retry makes sense. */
  readonly retryAfterS?: number;
}

const WORDS: Readonly<Record<RedisTrouble, Words>> = {
  away: {
    code: 'queue_unavailable',
    says: 'Redis cannot be reached at the moment. Try again soon.',
    advice: 'start it, or correct REDIS_URL',
    retryAfterS: 1,
  },
  read_only: {
    code: 'redis_read_only',
    says: 'Redis refuses writes because it is a read-only replica, as during a failover.',
    advice: 'wait for a failover to end, or set REDIS_URL to the primary',
    retryAfterS: 2,
  },
  moved: {
    code: 'redis_read_only',
    says: 'Redis refuses commands because its cluster is changing, as during a failover.',
    advice: 'wait for a failover to end',
    retryAfterS: 2,
  },
  full: {
    code: 'redis_full',
    says: 'Redis refuses writes because it is full (maxmemory).',
    advice: 'raise its maxmemory, or remove keys of other programs',
    retryAfterS: 10,
  },
  not_saving: {
    code: 'redis_not_saving',
    says: 'Redis refuses writes because it cannot save its data to disk.',
    advice: 'its log says why; usually its disk is full or its folder is read-only',
    retryAfterS: 10,
  },
  few_replicas: {
    code: 'redis_read_only',
    says: 'Redis refuses writes because too few of its replicas are connected.',
    advice: 'start its replicas, or lower min-replicas-to-write',
    retryAfterS: 10,
  },
  cluster: {
    code: 'redis_cluster',
    says: 'Redis runs in cluster mode, and REDIS_URL names one server.',
    advice: 'set REDIS_URL to redis+cluster://host:port,host:port with some of its nodes',
  },
};

/** By the first word of a reply. A script (`... -OOM ...`) or a transaction (`because of: OOM ...`) may quote it. */
const REPLIES: Readonly<Record<string, RedisTrouble>> = {
  READONLY: 'read_only',
  MASTERDOWN: 'read_only',
  UNBLOCKED: 'read_only',
  OOM: 'full',
  MISCONF: 'not_saving',
  NOREPLICAS: 'few_replicas',
  MOVED: 'moved',
  ASK: 'moved',
  TRYAGAIN: 'moved',
  CLUSTERDOWN: 'moved',
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
/** System calls of connections. Files have some of the same error codes. */
const CALLS: readonly string[] = ['connect', 'getaddrinfo', 'read', 'shutdown', 'write'];
/** The client library's messages for commands lost with a broken connection. */
const CUT_OFF = /Connection is closed|Command aborted due to connection close|Stream isn't writeable/;

/** Null: the error has another cause. */
export function redisTrouble(error: unknown): RedisTrouble | null {
  if (error instanceof ForebayError) return TROUBLE_OF.get(error.code) ?? null;
  if (!(error instanceof Error)) return null;
  if (error.name === 'ReplyError') return troubleOfReply(error);
  if (error.name === 'MaxRetriesPerRequestError' || CUT_OFF.test(error.message)) return 'away';
  const { code = '', syscall } = error as NodeJS.ErrnoException;
  return NETWORK.has(code) && (syscall === undefined || CALLS.includes(syscall)) ? 'away' : null;
}

const TROUBLE_OF = new Map(
  // If several share a code, the first one wins.
  Object.entries(WORDS)
    .toReversed()
    .map(([trouble, { code }]) => [code, trouble as RedisTrouble]),
);

function troubleOfReply(error: Error): RedisTrouble | null {
  const word = REPLY.exec(error.message)?.[1];
  if (word !== undefined) return REPLIES[word]!;
  if (TOO_MANY_CLIENTS.test(error.message)) return 'away';
  // A failed transaction has the errors of its parts.
  const { previousErrors } = error as { previousErrors?: readonly unknown[] };
  return previousErrors?.map(redisTrouble).find((found) => found !== null) ?? null;
}

/** Whether Redis refused a command. It then executed no part of it, so resending is safe. */
export function refusesWrites(error: unknown): boolean {
  const trouble = redisTrouble(error);
  return trouble !== null && trouble !== 'away' && trouble !== 'cluster';
}

/** The error in Forebay's words. Null if Redis is not the cause. `cause`: what logs show instead of the error. */
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
