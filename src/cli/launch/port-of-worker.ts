/** Several workers cannot listen on one port, so each takes the next one. */

/** `at`: 0 for the first worker. Returns the variables to set for it. */
export function portOfWorker(at: number, env: NodeJS.ProcessEnv): Record<string, string> {
  const first = Number(env['FOREBAY_WORKER_PORT']);
  // 0 picks a free port. The worker reports a value that is not a number.
  return first > 0 ? { FOREBAY_WORKER_PORT: String(first + at) } : {};
}
