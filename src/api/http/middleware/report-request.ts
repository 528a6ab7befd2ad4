/** The one place that reports an answered request. Metrics, traces and the log subscribe to the event. */
import type { Emit } from '../../../shared/observe/events.ts';

interface Request {
  readonly method: string;
  readonly path: string;
  header(name: string): string | undefined;
}

/** `route`, `code` and `location`: see `request.answered`. */
export interface RequestOutcome {
  readonly route: string;
  readonly status: number;
  readonly code: string | null;
  readonly location?: string | null;
}

/** The time of the request begins with this call, and ends with that of the result. */
export function beginRequest(request: Request, emit: Emit): (outcome: RequestOutcome) => void {
  const began = performance.now();
  return ({ route, status, code, location = null }) =>
    emit('request.answered', {
      method: request.method,
      path: request.path,
      route,
      status,
      code,
      ms: performance.now() - began,
      traceparent: request.header('traceparent') ?? null,
      location,
    });
}
