/** Errors of the client: the service answered with a problem, or it cannot be reached. */
import type { ProblemWire } from '../api/http/wire/problem.ts';

/** The service answered with a problem (RFC 9457). `message` is its detail. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  /** Stable code. `internal` if something else answered, such as a proxy. */
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
  /** Seconds after which to retry. */
  readonly retryAfterS: number | null;

  constructor(
    problem: Pick<ProblemWire, 'status' | 'code' | 'detail' | 'errors'>,
    retryAfterS: number | null,
  ) {
    super(problem.detail);
    this.status = problem.status;
    this.code = problem.code;
    this.detail = problem.detail;
    this.errors = problem.errors ?? [];
    this.retryAfterS = retryAfterS;
  }
}

/** Nothing answered at the URL, or the connection broke. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError';
  constructor(url: string, cause: unknown) {
    super(
      `Nothing answers at ${url} (${reasonOf(cause)}). Start the service with "forebay up", or name another one with --url.`,
      { cause },
    );
  }
}

/** fetch reports only "fetch failed". The reason is in the causes. */
function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code === 'ECONNREFUSED') return 'connection refused';
    if (code !== undefined && code !== '') return code;
    if (at instanceof AggregateError && at.errors.length > 0) return reasonOf(at.errors[0]);
    if (at.cause === undefined) return at.message;
  }
  return String(error);
}

/** Reads the problem from an answer that was not successful. */
export async function problemOf(response: Response): Promise<ProblemError> {
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterS = Number.isFinite(after) ? after : null;
  const text = await response.text().catch(() => '');
  if (response.headers.get('content-type')?.startsWith('application/problem+json')) {
    try {
      return new ProblemError(JSON.parse(text) as ProblemWire, retryAfterS);
    } catch {
      // The document is incomplete, so it is reported below like any other answer.
    }
  }
  const detail = `${response.url} answered ${response.status} without a problem document: ${text.slice(0, 200)}`;
  return new ProblemError({ status: response.status, code: 'internal', detail }, retryAfterS);
}
