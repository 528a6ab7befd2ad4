/** What the sinks of all tables have in common. */
import { wellFormed } from '../../text/lone-surrogates.ts';
import type { Sink } from '../sink.ts';

export function createTableSink(
  sink: Pick<Sink, 'format' | 'encode' | 'count' | 'decode' | 'openFile' | 'readFile' | 'readPiece'>,
): Sink {
  return {
    ...sink,
    storedId: wellFormed,
    lines: async (part) => (await sink.decode(part)).map((row) => row.text).join(''),
  };
}
