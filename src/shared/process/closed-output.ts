/** How a command ends if its output can no longer be written. */
import { messageOf } from '../errors.ts';

/**
 * `forebay results ID | head` closes the pipe early, and nobody wants the rest, so the command ends quietly. If the disk is
 * full, the output is incomplete, so the command fails. If a terminal closes, writes to stderr fail, but running processes
 * must still be stopped in order.
 */
export function endWhenOutputCloses(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    process.stderr.write(`forebay: the output cannot be written: ${messageOf(error)}\n`);
    process.exit(1);
  });
  process.stderr.on('error', () => undefined);
}
