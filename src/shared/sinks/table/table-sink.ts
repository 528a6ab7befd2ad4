/** What the sinks of all tables have in common. */
import type { Sink } from '../sink.ts';

export function createTableSink(
  sink: Pick<Sink, 'format' | 'encode' | 'count' | 'decode' | 'openFile' | 'readFile' | 'readPiece'>,
): Sink {
  return {
    ...sink,
    /** Tables hold UTF-8, which has no lone surrogates. */
    storedId: (id) => Buffer.from(id).toString(),
    lines: async (part) => (await sink.decode(part)).map((row) => row.text).join(''),
  };
}
