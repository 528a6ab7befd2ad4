/** Splits a byte stream into lines. */

/**
 * Lines without their ends, empty ones included. A last line without an end is given too, unless
 * `whole` asks for complete lines only.
 */
export async function* readLines(
  body: ReadableStream<Uint8Array>,
  whole = false,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  // Leaving the loop early cancels the stream, and with it the request.
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    const pieces = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = pieces.pop()!;
    for (const piece of pieces) yield piece.endsWith('\r') ? piece.slice(0, -1) : piece;
  }
  rest += decoder.decode();
  if (rest !== '' && !whole) yield rest;
}
