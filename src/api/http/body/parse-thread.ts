/** The thread that parses large bodies. It transfers the packed rows of its answers instead of copying them. */
import { parentPort } from 'node:worker_threads';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { SubmitRequest } from '../wire/submit-request.ts';
import type { ParseAnswer, ParseTask } from './background-parser.ts';
import { parseSubmit } from './parse-submit.ts';

const port = parentPort!;

port.on('message', ({ bytes, maxDepth }: ParseTask) => {
  let answer: ParseAnswer;
  try {
    answer = {
      parsed: parseSubmit(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), maxDepth),
    };
  } catch (error) {
    answer =
      error instanceof ForebayError
        ? { code: error.code, message: error.message, issues: error.issues }
        : { code: 'internal', message: messageOf(error), issues: [] };
  }
  port.postMessage(answer, 'parsed' in answer && answer.parsed.ok ? buffersOf(answer.parsed.value) : []);
});

function buffersOf({ input }: SubmitRequest): ArrayBuffer[] {
  if (input.type === 'urls') return input.packed.lines.map((piece) => piece.buffer);
  if (input.type === 'inline') {
    return [...input.packed.lines, ...input.packed.blob].map((piece) => piece.buffer);
  }
  return [];
}
