/**
 * The program behind `forebay tune`, started by the command with its wish (JSON) as argument: measures in real
 * lanes and reports over its channel. Wiring only.
 */
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { createGuardedFetch } from '../../shared/net/guarded-fetch.ts';
import { createProfileStore } from '../../shared/profiles/profile-store.ts';
import type { TuneEvent, TuneWish } from '../../shared/profiles/tune-events.ts';
import { createRowReader } from '../read/row-reader.ts';
import { readResources } from '../resources.ts';
import { tune } from './tune.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
const FETCH_TIMEOUT_MS = 30_000;

const wish = JSON.parse(process.argv[2] ?? '{}') as TuneWish;
// Nobody is left to report to; the lanes end with this process.
process.on('disconnect', () => process.exit(1));

const fetcher = createGuardedFetch({
  allow: wish.fetchAllow,
  timeoutMs: FETCH_TIMEOUT_MS,
  maxBytes: wish.limits.maxFileBytes,
  maxRatio: wish.limits.maxFetchRatio,
  userAgent: 'forebay',
});
let code = 0;
try {
  const tuned = await tune(wish, {
    resources: readResources(),
    reader: createRowReader({
      fetchBytes: fetcher.fetchBytes,
      inputRoots: wish.limits.inputRoots,
      maxFileBytes: wish.limits.maxFileBytes,
    }),
    store: createProfileStore({ cacheDir: wish.cacheDir }),
    emit: (event) => void send(event),
    onMeter: (meter) => process.on('exit', () => meter.kill()),
  });
  await send({ type: 'done', tuned });
} catch (error) {
  code = 1;
  await send({
    type: 'failed',
    code: error instanceof ForebayError ? error.code : 'internal',
    message: messageOf(error),
  });
}
process.exit(code);

async function send(event: TuneEvent): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send) process.send(event, undefined, undefined, () => resolve());
    else resolve();
  });
}
