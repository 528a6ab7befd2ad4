// Runs every pattern for foreign text (from requests, datasets and servers) on text that makes backtracking slow.
import { describe, expect, it } from 'vitest';
import { createHostCheck } from '#forebay/shared/net/check-host.js';
import { createGuard } from '#forebay/api/http/middleware/guard.js';
import { EVENT_ID } from '#forebay/api/http/wire/event.js';
import { JOB_LIST_QUERY } from '#forebay/api/http/wire/job-list.js';
import { JOB_ID } from '#forebay/api/http/wire/scalars.js';
import { IDEMPOTENCY_KEY, SUBMIT_BODY } from '#forebay/api/http/wire/submit-request.js';
import { WEBHOOK } from '#forebay/api/http/wire/webhook.js';
import { createGlobFilter } from '#forebay/shared/datasets/listing/glob-filter.js';
import { locateRow } from '#forebay/shared/datasets/locate.js';
import { splitGlob } from '#forebay/shared/datasets/files/split-glob.js';
import { MAX_ERRORS } from '#forebay/shared/domain/option-schemas.js';
import { nearestName } from '#forebay/shared/text/nearest-name.js';
import { createAddressFilter } from '#forebay/shared/net/address-filter.js';
import { packInline } from '../../../support/packed.ts';

const N = 50_000;
/** A match in quadratic time would take minutes. */
const SOON_MS = 3_000;

const TEXTS = [
  'a',
  '=',
  ' ',
  '/',
  '.',
  ':',
  '1',
  '-',
  '\\',
  '%',
  '.0',
  ':1',
  '/.',
  'a=',
  ' a',
  '[',
  '(',
  '{',
  '*(',
  '"',
  '\n',
  '\u00e4',
].flatMap((piece) => {
  const run = piece.repeat(N / piece.length);
  return [run, `${run}!`, `a${run}`, `bearer ${run}\n`, `http://${run}`];
});

const READERS: Record<string, (text: string) => unknown> = {
  'job ids': (text) => JOB_ID.safeParse(text),
  'event ids': (text) => EVENT_ID.safeParse(text),
  'idempotency keys': (text) => IDEMPOTENCY_KEY.safeParse(text),
  'shares of errors': (text) => MAX_ERRORS.safeParse(`1.${text}%`),
  'states of jobs': (text) => JOB_LIST_QUERY.safeParse({ status: text.slice(0, 16_000) }),
  bodies: (text) => SUBMIT_BODY.safeParse({ model: text, input: { type: text }, [text]: 1, output: text }),
  'URLs of webhooks': (text) => WEBHOOK.safeParse({ url: text }),
  hosts: (text) => attempt(() => createHostCheck(['x'])(text)),
  credentials: async (text) =>
    createGuard({ jobs: { tenantOf: async () => null }, keys: { verify: async () => null } })(
      { header: () => text, param: () => undefined },
      { path: '/', access: 'admin' },
    ).catch(() => undefined),
  'lines of a manifest': (text) => locateRow({ type: 'manifest', path: '/m', base: '/b' }, { id: text }),
  'schemes of a manifest': (text) =>
    locateRow({ type: 'manifest', path: '/m', base: '/b' }, { id: `${text}://` }),
  'paths of files': (text) =>
    locateRow({ type: 'files', root: '/r', include: [], exclude: [] }, { id: text }),
  base64: (text) =>
    packInline([
      { id: 'x', data: text },
      { id: 'y', data: `${text}=` },
    ]),
  'unknown names': (text) => nearestName(text, ['model', 'input']),
  'host names': (text) => createAddressFilter(['*.example.org'], 'FOREBAY_FETCH_ALLOW').allowsHost(text),
  'globs in paths': (text) => attempt(() => splitGlob(text.slice(0, 4096))),
  patterns: (text) => attempt(() => createGlobFilter([text.slice(0, 1024)], []).file('a'.repeat(200))),
};

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch {
    return undefined;
  }
}

describe('hostile text is matched quickly', () => {
  it.each(Object.keys(READERS))('as %s', async (kind) => {
    for (const text of TEXTS) {
      const began = performance.now();
      await READERS[kind]!(text);
      expect([text.slice(0, 20), performance.now() - began < SOON_MS]).toEqual([text.slice(0, 20), true]);
    }
  });
});
