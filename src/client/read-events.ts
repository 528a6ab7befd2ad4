/** Reads server-sent events from a stream, in the format of the HTML standard. */
import { readLines } from './read-lines.ts';

export interface ServerEvent {
  /** The last id seen, of this event or an earlier one. */
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

/** Yields complete events. Drops an event that is cut off by the end of the connection. */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent, void, undefined> {
  let id = '';
  let type = '';
  let data: string[] = [];
  for await (const line of readLines(body, true)) {
    if (line === '') {
      if (data.length > 0) yield { id, type: type || 'message', data: data.join('\n') };
      type = '';
      data = [];
      continue;
    }
    // A comment begins with a colon, so its field has no name.
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
  }
}
