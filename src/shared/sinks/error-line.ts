/** A line of an errors file. */
import type { RowError } from '../domain/row.ts';
import { wellFormed } from '../text/lone-surrogates.ts';

/** `{"index","id","error":{"code","message"}}` and a line break. The id stays as it is, because a retry compares it. */
export function errorLine(index: number, id: string, { code, message }: RowError): string {
  return `${JSON.stringify({ index, id, error: { code, message: wellFormed(message) } })}\n`;
}
