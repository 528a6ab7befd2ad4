/** The input of a row of a job, as it was given. The bytes are untrusted, so a browser must not run them. */
import { z } from 'zod';
import { ForebayError } from '../../../shared/errors.ts';
import type { JobStore } from '../../../shared/queue/jobs/job-store.ts';
import type { ReadRowInput, RowInput } from '../../jobs/row-input/read-row-input.ts';
import { createLargeBodyLimit } from '../body/large-body-limit.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { JSON_TYPE } from '../middleware/read-body.ts';
import { BINARY, contentTypeOf, HEIC, PICTURES } from '../row-input/content-type.ts';
import { bodyOf } from '../row-input/send-bytes.ts';
import { JOB_ID } from '../wire/scalars.ts';
import { INPUT_VERSION, INPUT_VERSION_HEADER } from '../wire/row-input.ts';
import { JOB_PROBLEMS, ROW_INPUT_PROBLEMS } from './problem-sets.ts';

const PARAMS = z.strictObject({
  id: JOB_ID,
  index: z.coerce.number().int().min(0).meta({ description: 'Index of the row, from 0.' }),
});
const BYTES = z.string().meta({ format: 'binary' });
/** Time limit for finding and reading the row. */
const DEADLINE_MS = 30_000;

export interface RowInputDeps {
  readonly jobs: Pick<JobStore, 'mustGet'>;
  readonly readRowInput: ReadRowInput;
}

export function mountRowInput(target: MountTarget, deps: RowInputDeps): void {
  /** Bounds the memory of all answers, because a row may be as large as FOREBAY_MAX_FILE_MB. */
  const inMemory = createLargeBodyLimit();
  mount(
    target,
    {
      method: 'get',
      path: '/v1/jobs/{id}/rows/{index}/input',
      operationId: 'readRowInput',
      tag: 'Results and progress',
      access: 'jobs:read',
      summary: 'Read the input of a row',
      description:
        'What the row was made of: the bytes of its file, or its record as JSON. It is read now, under the rules that the job was read under. If the row is known to have changed since then, the answer is `dataset_changed`. The first bytes decide the media type: pictures have theirs, and everything else is a download. A row of a text file is found by reading the file up to it, so the first one far into a large file takes some seconds. `deadline_passed` means that the search continues where it stopped when you ask again.',
      params: PARAMS,
      success: [
        {
          status: 200,
          description: 'The input.',
          content: {
            ...Object.fromEntries([...PICTURES, HEIC, BINARY].map((type) => [type, BYTES])),
            [JSON_TYPE]: z.record(z.string(), z.unknown()),
          },
          headers: {
            [INPUT_VERSION_HEADER]:
              '`same`: it is known to be what the job has read. `unknown`: it may have changed since.',
            'Content-Disposition': '`inline` for pictures that browsers show. Else `attachment`.',
          },
        },
      ],
      problems: [...JOB_PROBLEMS, ...ROW_INPUT_PROBLEMS],
    },
    async ({ c, params: { id, index } }) => {
      const job = await deps.jobs.mustGet(id);
      const release = await inMemory.enter();
      let input: RowInput;
      try {
        // Runs on if the client leaves, because the next request can use what the search has found.
        input = await withinDeadline(async (signal) => deps.readRowInput(job, index, signal));
      } catch (error) {
        release();
        throw error;
      }
      const headers = headersOf(input, index);
      if (c.req.method === 'HEAD') {
        release();
        return new Response(null, { headers });
      }
      return new Response(bodyOf(input.bytes, release), { headers });
    },
  );
}

async function withinDeadline<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const tooLate = AbortSignal.timeout(DEADLINE_MS);
  try {
    return await work(tooLate);
  } catch (cause) {
    if (!tooLate.aborted) throw cause;
    throw new ForebayError(
      'deadline_passed',
      `The row was not found within ${DEADLINE_MS / 1000} s. Ask again: the search continues where it stopped.`,
      { cause, retryAfterS: 1 },
    );
  }
}

function headersOf({ bytes, is, isSame }: RowInput, index: number): Record<string, string> {
  const { type, inline } = is === 'record' ? { type: JSON_TYPE, inline: false } : contentTypeOf(bytes);
  return {
    'Content-Type': type,
    'Content-Length': String(bytes.length),
    'Content-Disposition': `${inline ? 'inline' : 'attachment'}; filename="row-${index}${suffixOf(type)}"`,
    'Content-Security-Policy': "sandbox; default-src 'none'",
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'private, max-age=300',
    // A browser may be used with the keys of several tenants.
    Vary: 'Authorization, X-API-Key',
    [INPUT_VERSION_HEADER]: isSame ? INPUT_VERSION.enum.same : INPUT_VERSION.enum.unknown,
  };
}

function suffixOf(type: string): string {
  if (type === BINARY) return '.bin';
  return `.${type.slice(type.indexOf('/') + 1).replace('jpeg', 'jpg')}`;
}
