/** The log record of a line, or null if the line is something else that a process printed. Pure. */
export function logRecord(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    const record = JSON.parse(line) as Record<string, unknown>;
    return typeof record['msg'] === 'string' ? record : null;
  } catch {
    return null;
  }
}
