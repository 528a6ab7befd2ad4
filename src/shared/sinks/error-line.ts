/** A line of an errors file. */
import type { RowError } from '../domain/row.ts';

/** `{"index","id","error":{"code","message"}}` and a line break. */
export function errorLine(index: number, id: string, { code, message }: RowError): string {
  return `${JSON.stringify({ index, id, error: { code, message } })}\n`;
}
