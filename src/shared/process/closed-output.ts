/** Lets a command end quietly if nobody reads its output any more. */

/**
 * `forebay results ID | head` closes the pipe early, and nobody wants the rest. If a terminal closes, writes to stderr
 * fail, but running processes must still be stopped in order.
 */
export function endWhenOutputCloses(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
  });
  process.stderr.on('error', () => undefined);
}
