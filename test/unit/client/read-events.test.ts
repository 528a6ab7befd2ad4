import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents, type ServerEvent } from '#forebay/client/read-events.js';

/** A stream of these bytes, in chunks of the given lengths. The rest comes in one chunk. */
function streamOf(bytes: Uint8Array, lengths: readonly number[] = []): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      let at = 0;
      for (const length of lengths) {
        controller.enqueue(bytes.subarray(at, at + length));
        at += length;
      }
      controller.enqueue(bytes.subarray(at));
      controller.close();
    },
  });
}

async function read(text: string, lengths?: readonly number[]): Promise<ServerEvent[]> {
  const found: ServerEvent[] = [];
  for await (const event of readEvents(streamOf(new TextEncoder().encode(text), lengths))) found.push(event);
  return found;
}

describe('server-sent events', () => {
  it('have an id, a type and data', async () => {
    expect(await read('id: 1\nevent: status\ndata: {"a":1}\n\n')).toEqual([
      { id: '1', type: 'status', data: '{"a":1}' },
    ]);
  });

  it('without a type are messages, and without an id keep the last id', async () => {
    expect(await read('id: 7\ndata: a\n\ndata: b\n\n')).toEqual([
      { id: '7', type: 'message', data: 'a' },
      { id: '7', type: 'message', data: 'b' },
    ]);
  });

  it('join the lines of their data', async () => {
    expect(await read('data: a\ndata:b\ndata\ndata:  c\n\n')).toMatchObject([{ data: 'a\nb\n\n c' }]);
  });

  it('may have empty data, but without data there is no event', async () => {
    expect(await read('data\n\nevent: x\n\nid: 2\n\ndata:\n\n')).toEqual([
      { id: '', type: 'message', data: '' },
      { id: '2', type: 'message', data: '' },
    ]);
  });

  it('ignore comments, unknown fields, retry times and ids with NUL', async () => {
    expect(await read(': hello\nretry: 10\nwhat: x\nid: 3\nid: a\0b\ndata: a:b\n\n')).toEqual([
      { id: '3', type: 'message', data: 'a:b' },
    ]);
  });

  it('may begin with a byte order mark', async () => {
    expect(await read('\uFEFFdata: a\n\n', [1])).toMatchObject([{ data: 'a' }]);
  });

  it('are dropped if the stream ends before their empty line', async () => {
    expect(await read('data: a\n\ndata: b\n')).toMatchObject([{ data: 'a' }]);
    expect(await read('data: a\r\rid: 2\rdata: b')).toEqual([{ id: '', type: 'message', data: 'a' }]);
  });

  it('are the same with any line ends and in any chunks', async () => {
    const lines = fc.array(
      fc.constantFrom('', '', 'data: a\u00e4\u{1f600}', 'data', ':c', 'event: e', 'id: 1', 'data:  x: y'),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(
        lines,
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 40 }),
        async (given, end, lengths) => {
          const text = (ending: string) => given.map((line) => line + ending).join('');
          expect(await read(text(end), lengths)).toEqual(await read(text('\n')));
        },
      ),
      { numRuns: 300 },
    );
  });
});
