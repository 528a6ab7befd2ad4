/** Events of the API's use cases and of its HTTP layer. */
import { event } from './event-kind.ts';

export const API_EVENTS = {
  /** The API answers requests at `url`. */
  'api.listening': event<{ readonly url: string }>('info', 'listening'),
  'api.stopping': event('info', 'stopping'),

  'keys.disabled': event<{ readonly host: string }>(
    'warn',
    'API keys are switched off, so whoever reaches this address may do anything',
  ),
  'keys.missing': event(
    'warn',
    'every request needs an API key, and there is no valid one; create one with forebay keys create',
  ),
  /** All tenants may read below `inputRoot`, although it is inside `folder`, which holds data of single tenants. */
  'input_root.exposes': event<{ readonly inputRoot: string; readonly folder: string }>(
    'warn',
    'an input root is inside the data folder or an output root, so every tenant may read what is written there',
  ),

  /**
   * `route`: the path as it is declared, with `{id}`. `code`: the problem's code. Null: the request succeeded.
   * `traceparent`: the header of the request. `location`: the header of the answer.
   */
  'request.answered': event<{
    readonly method: string;
    readonly path: string;
    readonly route: string;
    readonly status: number;
    readonly code: string | null;
    readonly ms: number;
    readonly traceparent: string | null;
    readonly location: string | null;
  }>('debug', 'request', ({ method, path, status, code, ms }) => ({
    method,
    path,
    status,
    code,
    ms,
  })),
  /** `redis`: whether Redis is unavailable or refuses writes. The log reports that once, not for each request. */
  'request.failed': event<{
    readonly code: string;
    readonly detail: string;
    readonly path: string;
    readonly redis: boolean;
  }>(
    ({ redis }) => (redis ? 'debug' : 'warn'),
    'request failed',
    ({ code, detail, path }) => ({ code, detail, path }),
  ),
  /** A fault of the service itself. */
  'request.crashed': event<{ readonly err: unknown; readonly method: string; readonly path: string }>(
    'error',
    'request failed unexpectedly',
  ),
  'stream.interrupted': event<{ readonly path: string; readonly error: string }>(
    'warn',
    'stream interrupted',
  ),

  /**
   * `key`: id of the API key, null without one. `replayed`: whether an earlier request with the same `Idempotency-Key`
   * created the job.
   */
  'job.submitted': event<{
    readonly job: string;
    readonly model: string;
    readonly tenant: string;
    readonly key: string | null;
    readonly replayed: boolean;
  }>('info', 'job submitted'),
  'job.controlled': event<{ readonly job: string; readonly command: string; readonly status: string }>(
    'info',
    'job controlled',
  ),
  'job.retried': event<{ readonly job: string; readonly retry_of: string }>('info', 'job retried'),
  'output.resumed': event<{ readonly job: string; readonly output: string }>('info', 'output resumed'),

  /** `by`: id of the key that made the request. */
  'model.order_given': event<{ readonly model: string; readonly order: string; readonly by: string | null }>(
    'info',
    ({ order }) => `workers are asked to ${order} a model`,
    ({ model, by }) => ({ model, by }),
  ),
  'worker.order_given': event<{
    readonly worker: string;
    readonly order: string;
    readonly by: string | null;
  }>(
    'info',
    ({ order }) => `a worker is asked to ${order}`,
    ({ worker, by }) => ({ worker, by }),
  ),
  'key.created': event<{
    readonly key: string;
    readonly tenant: string;
    readonly scopes: readonly string[];
    readonly by: string | null;
  }>('info', 'key created'),
  'key.revoked': event<{ readonly key: string; readonly by: string | null }>('info', 'key revoked'),
};
