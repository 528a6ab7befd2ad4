import { expect, it } from 'vitest';
import { readLines } from '#forebay/client/read-lines.js';

async function linesOf(chunks: readonly string[]): Promise<string[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
      controller.close();
    },
  });
  const lines: string[] = [];
  for await (const line of readLines(body)) lines.push(line);
  return lines;
}

it('lines end in any of three ways, also where two chunks meet', async () => {
  expect(await linesOf(['a\r', '\nb', 'c\r\n', '\n', 'd\re'])).toEqual(['a', 'bc', '', 'd', 'e']);
});

it('the time for a line grows with its length, and not with its square', async () => {
  const seconds = async (chunks: number) => {
    const parts = Array<string>(chunks).fill('x'.repeat(64 * 1024));
    const started = performance.now();
    const [line] = await linesOf(parts);
    expect(line!.length).toBe(chunks * 64 * 1024);
    return (performance.now() - started) / 1000;
  };
  await seconds(10);
  // Eight times the length took some 50 times as long when each chunk was joined to the line and split again.
  const short = await seconds(64);
  expect(await seconds(512)).toBeLessThan(Math.max(1, 24 * short));
});
