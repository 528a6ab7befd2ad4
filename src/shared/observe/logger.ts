/**
 * Structured log lines on stderr: JSON, or lines for people in a terminal. They contain no secrets, because callers log
 * only ids, codes and messages.
 */
import { pino } from 'pino';
import { visibleText } from '../text/visible-text.ts';
import { readableLine } from './readable-line.ts';

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Writes to a terminal are synchronous, so no line is lost at an exit. */
type Terminal = Pick<NodeJS.WriteStream, 'isTTY'> & { write(text: string): unknown };

export function createLogger(
  { level, name }: { level: string; name: string },
  out: Terminal = process.stderr,
): Logger {
  const people = {
    write: (line: string) => out.write(`${visibleText(readableLine(name, line.trimEnd()))}\n`),
  };
  return pino({ level, name }, out.isTTY ? people : pino.destination({ fd: 2, sync: true }));
}
