/** The body of a route that takes a job. Small bodies are parsed immediately, large ones in another thread. */
import type { BackgroundParser } from '../body/background-parser.ts';
import type { Parsed } from '../body/parse-json.ts';
import { parseSubmit } from '../body/parse-submit.ts';
import { LARGE_BYTES } from '../body/large-body-limit.ts';
import { MB } from '../middleware/read-body.ts';
import { SUBMIT_BODY, type SubmitRequest } from '../wire/submit-request.ts';

const LIMIT = {
  bytes: 16 * MB,
  advice:
    'Put the rows into a file. If it has one path or URL per line, submit {"type":"manifest","path":FILE}. If it has one record per line, submit {"type":"jsonl","path":FILE}.',
};

export function submitBody(parser: BackgroundParser) {
  return {
    schema: SUBMIT_BODY,
    limit: LIMIT,
    async parse(bytes: Buffer<ArrayBuffer> | undefined, maxDepth: number): Promise<Parsed<SubmitRequest>> {
      if (bytes === undefined || bytes.length <= LARGE_BYTES) return parseSubmit(bytes, maxDepth);
      return parser.parseSubmit(bytes, maxDepth);
    },
  };
}
