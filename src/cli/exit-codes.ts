/** The exit codes of the command, and the code for each error. */

export const EXIT = {
  ok: 0,
  failed: 1,
  /** The command line is wrong. Nothing was started. */
  usage: 2,
  /** 128 + SIGINT, as in shells. */
  interrupted: 130,
} as const;

/** For the help of commands. */
export const EXIT_CODES_TEXT = '0 done, 1 failed, 2 bad usage, 130 stopped by Ctrl-C.';

/** The command line is wrong. `message` is one sentence that says how to fix it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Codes of requests that fail until the user changes the command line. */
const USAGE_CODES = new Set([
  'invalid_request',
  'invalid_cursor',
  'config_invalid',
  'path_not_allowed',
  'model_not_found',
  'invalid_model_config',
  'input_not_found',
  'input_unreadable',
  'output_not_empty',
  'resume_mismatch',
  'request_too_large',
  'list_too_long',
  'too_many_rows',
]);

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  return USAGE_CODES.has(codeOf(error) ?? '') ? EXIT.usage : EXIT.failed;
}

/** The stable code of an error of Forebay or its API, or null. */
export function codeOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : null;
}

export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type StopSignal = (typeof STOP_SIGNALS)[number];

const NUMBERS: Readonly<Record<StopSignal, number>> = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };

export function exitCodeOfSignal(signal: StopSignal): number {
  return 128 + NUMBERS[signal];
}
