/** Turns a JSON log line into a line for people. Pure. */
import { logRecord } from './log-record.ts';

const LEVELS: readonly (readonly [from: number, name: string])[] = [
  [50, 'error: '],
  [40, 'warning: '],
  [0, ''],
];
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'name', 'msg']);

/** `10:15:30 worker: warning: lane ended lane=1 code=null`. A line that is not a log record gets only the name as a prefix. */
export function readableLine(process: string, line: string): string {
  const record = logRecord(line);
  if (record === null) return `${process}: ${line}`;
  const { level, time, msg } = record;
  const clock = typeof time === 'number' ? new Date(time).toTimeString().slice(0, 8) : '';
  const severity = LEVELS.find(([from]) => Number(level) >= from)?.[1] ?? '';
  const fields = Object.entries(record)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => fieldText(key, value));
  return `${clock} ${process}: ${severity}${String(msg)}${fields.join('')}`;
}

/** The stack of an error goes below the line. */
function fieldText(key: string, value: unknown): string {
  if (typeof value === 'string') return ` ${key}=${value}`;
  const { stack } = (value ?? {}) as { stack?: unknown };
  return typeof stack === 'string'
    ? `\n  ${stack.replaceAll('\n', '\n  ')}`
    : ` ${key}=${JSON.stringify(value)}`;
}
