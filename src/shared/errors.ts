/**
 * The closed set of error codes. One table gives each code its HTTP status and whether a retry can help. Row errors, which
 * are data, use the same codes. Any other exception is a bug.
 */

const TABLE = {
  // Requests
  invalid_request: { status: 400, retryable: false },
  invalid_cursor: { status: 400, retryable: false },
  request_too_deep: { status: 400, retryable: false },
  unauthenticated: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  path_not_allowed: { status: 403, retryable: false },
  origin_not_allowed: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  job_not_found: { status: 404, retryable: false },
  model_not_found: { status: 404, retryable: false },
  worker_not_found: { status: 404, retryable: false },
  key_not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  request_timeout: { status: 408, retryable: true },
  invalid_state: { status: 409, retryable: false },
  idempotency_conflict: { status: 409, retryable: false },
  request_in_progress: { status: 409, retryable: true },
  output_not_empty: { status: 409, retryable: false },
  output_in_use: { status: 409, retryable: false },
  resume_mismatch: { status: 409, retryable: false },
  output_compacted: { status: 409, retryable: false },
  request_too_large: { status: 413, retryable: false },
  list_too_long: { status: 413, retryable: false },
  too_many_rows: { status: 413, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  host_not_allowed: { status: 421, retryable: false },
  input_not_found: { status: 422, retryable: false },
  input_unreadable: { status: 422, retryable: false },
  headers_too_large: { status: 431, retryable: false },
  too_many_jobs: { status: 429, retryable: true },
  too_many_pipelines: { status: 429, retryable: true },
  rate_limited: { status: 429, retryable: true },
  too_many_large_requests: { status: 429, retryable: true },
  quota_jobs: { status: 429, retryable: true },
  quota_rows: { status: 429, retryable: true },
  quota_bytes: { status: 429, retryable: true },
  online_full: { status: 429, retryable: true },
  internal: { status: 500, retryable: false },
  not_supported: { status: 501, retryable: false },
  queue_unavailable: { status: 503, retryable: true },
  redis_read_only: { status: 503, retryable: true },
  redis_full: { status: 503, retryable: true },
  redis_not_saving: { status: 503, retryable: true },
  no_worker: { status: 503, retryable: true },
  worker_lost: { status: 503, retryable: true },
  deadline_passed: { status: 504, retryable: true },

  // Jobs
  too_many_errors: { status: 500, retryable: false },
  all_rows_failed: { status: 500, retryable: false },
  newer_version: { status: 409, retryable: false },
  dataset_changed: { status: 409, retryable: false },
  output_changed: { status: 409, retryable: false },
  block_failed: { status: 500, retryable: false },
  invalid_partition: { status: 422, retryable: false },
  storage_unavailable: { status: 503, retryable: true },

  // Models
  invalid_model_config: { status: 422, retryable: false },
  config_mismatch: { status: 422, retryable: false },
  model_load_failed: { status: 500, retryable: false },

  // Rows
  file_not_found: { status: 404, retryable: false },
  file_unreadable: { status: 422, retryable: false },
  access_denied: { status: 403, retryable: false },
  file_too_large: { status: 413, retryable: false },
  fetch_failed: { status: 502, retryable: true },
  fetch_status: { status: 502, retryable: false },
  fetch_unavailable: { status: 502, retryable: true },
  fetch_inflated: { status: 413, retryable: false },
  fetch_redirects: { status: 502, retryable: false },
  fetch_tls: { status: 502, retryable: false },
  fetch_unreadable: { status: 502, retryable: false },
  fetch_timeout: { status: 504, retryable: true },
  url_not_allowed: { status: 403, retryable: false },
  invalid_row: { status: 422, retryable: false },
  empty_file: { status: 422, retryable: false },
  unsupported_format: { status: 415, retryable: false },
  decode_failed: { status: 422, retryable: false },
  too_many_pixels: { status: 413, retryable: false },
  decompression_ratio: { status: 413, retryable: false },
  inference_failed: { status: 500, retryable: false },
  join_failed: { status: 422, retryable: false },
  predictor_error: { status: 422, retryable: false },
  invalid_answer: { status: 500, retryable: false },
  lane_crashed: { status: 500, retryable: false },
  worker_crashed: { status: 500, retryable: false },
  timed_out: { status: 504, retryable: false },
  out_of_memory: { status: 500, retryable: false },

  // Processes
  config_invalid: { status: 500, retryable: false },
  redis_not_found: { status: 500, retryable: false },
  redis_evicts: { status: 500, retryable: false },
  redis_cluster: { status: 500, retryable: false },
  address_in_use: { status: 500, retryable: false },
  data_in_use: { status: 500, retryable: false },
  keys_required: { status: 500, retryable: false },
} as const satisfies Record<string, { status: number; retryable: boolean }>;

export type ErrorCode = keyof typeof TABLE;

/** A problem at one place of a request or a config. `path` is a JSON pointer. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** A failure with a stable code. `message` says what failed, where, and how to fix it. */
export class ForebayError extends Error {
  override readonly name = 'ForebayError';
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  /** Seconds after which to retry. Sent as `Retry-After`. */
  readonly retryAfterS: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; issues?: readonly Issue[]; retryAfterS?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
    this.retryAfterS = options.retryAfterS;
  }

  get status(): number {
    return TABLE[this.code].status;
  }

  get retryable(): boolean {
    return TABLE[this.code].retryable;
  }
}

/** A broken invariant of Forebay itself. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
  constructor(message: string) {
    super(`${message} (this is a bug in Forebay, please report it)`);
  }
}

export const ERROR_CODES = Object.keys(TABLE) as ErrorCode[];

/** The message of anything that was thrown. Never throws, although code of users may throw objects that do. */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof Error) return String(error.message);
    const text = String(error);
    return text === '[object Object]' ? messageOfObject(error as object) : text;
  } catch {
    return 'something without a message was thrown';
  }
}

/** Some code throws objects that are no Error. */
function messageOfObject(thrown: object): string {
  const { message } = thrown as { readonly message?: unknown };
  return typeof message === 'string' && message !== '' ? message : JSON.stringify(thrown);
}
