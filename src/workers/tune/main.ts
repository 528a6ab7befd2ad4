/**
 * The program behind `forebay tune`. The command starts it with its request (JSON) as the argument. It measures in real lanes
 * and reports over its channel. Wiring only.
 */
import { createDatasetFiles } from '../../shared/datasets/bytes/dataset-files.ts';
import { ForebayError, messageOf } from '../../shared/errors.ts';
import { createProfileStore } from '../../shared/profiles/profile-store.ts';
import { EVERYTHING } from '../../shared/stores/object-roots.ts';
import { createStores } from '../../shared/stores/stores.ts';
import type { TuneEvent, TuneStop, TuneRequest } from '../../shared/profiles/tune-events.ts';
import { createRowReader } from '../intake/read/row-reader.ts';
import { readResources } from '../settings/resources.ts';
import { tune } from './tune.ts';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
const FETCH_TIMEOUT_MS = 30_000;

const request = JSON.parse(process.argv[2] ?? '{}') as TuneRequest;
const stopping = new AbortController();
const stop = () => stopping.abort();
process.on('message', (message: TuneStop) => message.type === 'stop' && stop());
// The command is gone. The results so far are still kept.
process.on('disconnect', stop);
// Ctrl-C reaches every process of the terminal, but only the command decides what it means.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);

const stores = createStores({ ...request, ...request.limits, fetchTimeoutMs: FETCH_TIMEOUT_MS });
const files = createDatasetFiles({ ...request, ...request.limits, stores });
let code = 0;
try {
  const tuned = await tune(request, {
    resources: readResources(),
    reader: createRowReader({
      files,
      fetchBytes: async (url, signal, version) => (await stores.of(url)).read(url, { signal, version }),
      inputRoots: request.limits.inputRoots,
      objectRoots: EVERYTHING,
      maxFileBytes: request.limits.maxFileBytes,
      maxFetchRatio: request.limits.maxFetchRatio,
    }),
    places: { stores, files },
    store: createProfileStore({ cacheDir: request.cacheDir }),
    stop: stopping.signal,
    emit: (event) => void send(event),
    onMeter: (meter) => process.on('exit', () => meter.kill()),
  });
  await send({ type: 'done', tuned });
} catch (error) {
  code = 1;
  await send(stopping.signal.aborted ? { type: 'stopped' } : failure(error));
}
process.exit(code);

function failure(error: unknown): TuneEvent {
  const code = error instanceof ForebayError ? error.code : 'internal';
  return { type: 'failed', code, message: messageOf(error) };
}

async function send(event: TuneEvent): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.connected && process.send) process.send(event, undefined, undefined, () => resolve());
    else resolve();
  });
}
