/** Splits a byte stream into lines. They end with LF, CRLF or CR. */

const LINE_END = /\r\n|\n|\r/;

/**
 * Yields lines without their ends, empty ones included. Also yields a last line without an end, unless `whole` asks for
 * complete lines only.
 */
export async function* readLines(
  body: ReadableStream<Uint8Array>,
  whole = false,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  /** The last line ended with CR, so a following LF belongs to that end. */
  let afterCr = false;
  // Leaving the loop early cancels the stream, and with it the request.
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    let text = decoder.decode(chunk, { stream: true });
    if (text === '') continue;
    if (afterCr && text.startsWith('\n')) text = text.slice(1);
    afterCr = text.endsWith('\r');
    // Splits only what is new, or the time for a long line would grow with the square of its length.
    const [first = '', ...more] = text.split(LINE_END);
    rest += first;
    for (const next of more) {
      yield rest;
      rest = next;
    }
  }
  rest += decoder.decode();
  if (rest !== '' && !whole) yield rest;
}
