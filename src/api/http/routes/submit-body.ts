/** A body with a job in it, as a route takes it: small ones are parsed at once, large ones beside the API's thread. */
import type { BackgroundParser } from '../body/background-parser.ts';
import type { Parsed } from '../body/parse-json.ts';
import { parseSubmit } from '../body/parse-submit.ts';
import { LARGE_BYTES, MB } from '../middleware/read-body.ts';
import { SUBMIT_BODY, type SubmitRequest } from '../wire/submit-request.ts';

const LIMIT = {
  bytes: 16 * MB,
  advice:
    'Put the rows into a file, one path or URL a line, and submit {"type":"manifest","path":FILE} instead.',
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
