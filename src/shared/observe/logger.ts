/** Structured log lines on stderr. They contain no secrets, because callers log only ids, codes and messages. */
import { pino } from 'pino';

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export function createLogger(options: { level: string; name: string }): Logger {
  return pino({ level: options.level, name: options.name }, pino.destination({ fd: 2, sync: true }));
}
