// How the models of a worker leave the lanes and come back, even if their files change meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { ForebayError } from '#forebay/shared/errors.js';
import { readModelConfig } from '#forebay/shared/models/read-model-config.js';
import type { FoundModel, FoundModels } from '#forebay/workers/models/find-models.js';
import { createServedModels, type ServedModelsDeps } from '#forebay/workers/models/served-models.js';
import { recordEvents } from '../../../support/recorded-events.ts';

/** Two models with one name differ in `content`. Two readings of the same files differ in `look`. */
function model(name: string, content = 'a', look = 'first'): FoundModel {
  const config = readModelConfig({ name, task: 'image-classification', preprocess: { crop: 8 } });
  if (!config.ok) throw new Error(JSON.stringify(config.issues));
  const ref = { name, hash: content.repeat(64), pool: 'default' };
  const folder = { ref, version: null, config: config.config, dir: `/models/${name}`, bytes: 1, notes: [] };
  return { folder, look: { key: look, files: [] }, filesKey: look } as unknown as FoundModel;
}

const queueOf = (name: string, content = 'a') => `default.${name}.${content.repeat(12)}`;
const onDisk = (...models: FoundModel[]): FoundModels => ({ models, looks: new Map(), problems: [] });

const BROKEN = new ForebayError('model_load_failed', 'The graph is cut short');

interface Given extends Partial<Pick<ServedModelsDeps, 'loadsAtOnce'>> {
  /** By queue: loading waits for this. */
  readonly gates?: ReadonlyMap<string, Promise<void>>;
  /** Number of loads that fail before one succeeds. */
  readonly failures?: number;
}

function worker({ loadsAtOnce = () => true, gates = new Map(), failures = 0 }: Given = {}) {
  let loads = 0;
  const onLost: ((why: ForebayError) => void)[] = [];
  const calls: string[] = [];
  const events = recordEvents();
  const info = { batchInvariance: null, memory: null, notes: [], loadMs: 1 };
  const loaded = { ok: true, info } as unknown as Awaited<ReturnType<ServedModelsDeps['loader']['load']>>;
  const models = createServedModels({
    pool: { slowCodeOf: () => null, lanesOf: () => 1, unload: (queue) => void calls.push(`unload ${queue}`) },
    residentOf(queue, _, lost) {
      onLost.push(lost);
      return { lanes: 1, load: { model: queue } } as ReturnType<ServedModelsDeps['residentOf']>;
    },
    loader: {
      async load({ load }, tryFirst) {
        calls.push(`load ${load.model}${tryFirst ? ' after a trial' : ''}`);
        loads += 1;
        const ok = loads > failures;
        await gates.get(load.model);
        return ok ? loaded : { ok, error: BROKEN };
      },
      async loadAgain({ load }) {
        calls.push(`load again ${load.model}`);
        return loaded;
      },
      stop: () => undefined,
    },
    sizeModel: () => ({ batch: { value: 4 } }) as ReturnType<ServedModelsDeps['sizeModel']>,
    tunedOf: () => null,
    loadsAtOnce,
    onServed: (queue) => void calls.push(`served ${queue}`),
    onGone: (queue) => void calls.push(`gone ${queue}`),
    onChange: () => undefined,
    emit: events.emit,
  });
  const states = () =>
    models.describe().map(({ ref, isLoading, isUnloaded, problem, lanes }) => ({
      content: ref.hash[0],
      is: problem ? 'failed' : isLoading === true ? 'loading' : isUnloaded === true ? 'unloaded' : 'loaded',
      lanes,
    }));
  return { models, calls, events, states, onLost };
}

it('a model leaves the lanes with its queue, and comes back without another trial or probe', async () => {
  const { models, calls, states, events } = worker();
  const queue = queueOf('one');
  models.sync(onDisk(model('one'), model('two', 'b')));
  await models.settled();
  calls.length = 0;
  models.unload(queue, 'idle');
  expect(calls).toEqual([`gone ${queue}`, `unload ${queue}`]);
  expect(states()[0]).toEqual({ content: 'a', is: 'unloaded', lanes: 0 });
  expect(models.groupOf(queue, { batch_size: null }, 'default')).toBeNull();
  expect(events.of('model.unloaded')).toMatchObject([{ model: 'one', why: 'idle' }]);
  models.wake(queue);
  models.wake(queue);
  expect(states()[0]).toMatchObject({ is: 'loading' });
  await models.settled();
  expect(calls.slice(2)).toEqual([`load again ${queue}`, `served ${queue}`]);
  expect(states()[0]).toEqual({ content: 'a', is: 'loaded', lanes: 1 });
});

it('models are ready when all are loaded, or after the patience when the first one is served', async () => {
  const open: (() => void)[] = [];
  const gates = ['a', 'b'].map((name) => {
    const gate = new Promise<void>((resolve) => open.push(resolve));
    return [queueOf(name), gate] as const;
  });
  const { models } = worker({ gates: new Map(gates) });
  models.sync(onDisk(model('a'), model('b')));
  const ready = { patient: false, impatient: false };
  const patient = models.ready(3_600_000).then(() => (ready.patient = true));
  const impatient = models.ready(0).then(() => (ready.impatient = true));
  // This patience ends after that of `impatient`, because timers of the same duration end in order.
  await delay(0);
  expect(ready).toEqual({ patient: false, impatient: false });
  open[0]!();
  await impatient;
  expect(ready.patient).toBe(false);
  open[1]!();
  await patient;
});

it('a model that must not be loaded immediately waits in state unloaded, and says why', async () => {
  const { models, calls, states } = worker({ loadsAtOnce: () => false });
  models.sync(onDisk(model('one')));
  await models.settled();
  expect([calls, states()]).toEqual([[], [{ content: 'a', is: 'unloaded', lanes: 0 }]]);
  models.wait(queueOf('one'), 'no memory');
  expect(models.describe()[0]).toMatchObject({ waitsBecause: 'no memory', batchSize: expect.any(Number) });
  models.wake(queueOf('one'));
  await models.settled();
  expect(models.describe()[0]).toMatchObject({ waitsBecause: null, isUnloaded: false });
});

it('a model whose files are replaced while it is unloaded is forgotten, and its successor is loaded', async () => {
  const { models, calls, states } = worker();
  models.sync(onDisk(model('one')));
  await models.settled();
  models.unload(queueOf('one'), 'asked');
  models.sync(onDisk(model('one', 'b')));
  await models.settled();
  expect(states()).toEqual([{ content: 'b', is: 'loaded', lanes: 1 }]);
  models.wake(queueOf('one'));
  await models.settled();
  expect(calls.filter((call) => call.startsWith('load again'))).toEqual([]);
  expect(models.describe()[0]!.replaces).toEqual(['a'.repeat(64)]);
});

it('a model whose files were written again while it was unloaded is loaded from the new files', async () => {
  const { models } = worker();
  models.sync(onDisk(model('one')));
  await models.settled();
  models.unload(queueOf('one'), 'idle');
  models.sync(onDisk(model('one', 'a', 'second')));
  expect(models.of(queueOf('one'))).toMatchObject({
    found: { look: { key: 'second' } },
    state: { is: 'unloaded' },
  });
});

it('a replaced model leaves the lanes for good', async () => {
  const { models, calls, states } = worker();
  models.sync(onDisk(model('one')));
  await models.settled();
  models.sync(onDisk(model('one', 'b')));
  await models.settled();
  models.retire(queueOf('one'));
  expect(states()).toEqual([{ content: 'b', is: 'loaded', lanes: 1 }]);
  expect(calls.slice(-2)).toEqual([`gone ${queueOf('one')}`, `unload ${queueOf('one')}`]);
  expect(() => models.retire(queueOf('one', 'b'))).toThrow('a model was retired while serving');
});

it('a model that failed is tried again only after its files were written again', async () => {
  const { models, calls, states } = worker({ failures: 1 });
  for (let i = 0; i < 2; i++) models.sync(onDisk(model('one')));
  await models.settled();
  models.sync(onDisk(model('one')));
  await models.settled();
  expect([calls, states()]).toEqual([[`load ${queueOf('one')}`], [{ content: 'a', is: 'failed', lanes: 0 }]]);
  models.sync(onDisk(model('one', 'a', 'second')));
  await models.settled();
  expect(states()).toEqual([{ content: 'a', is: 'loaded', lanes: 1 }]);
});

it('a model whose files are written again during a load that fails is loaded once more', async () => {
  let open = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  const gates = new Map([[queueOf('one'), gate]]);
  const { models, calls, states } = worker({ gates, failures: 2 });
  models.sync(onDisk(model('one')));
  models.sync(onDisk());
  models.sync(onDisk(model('one', 'a', 'second')));
  open();
  await models.settled();
  // The new files fail as well, and they have not been written since.
  const load = `load ${queueOf('one')}`;
  expect([calls, states()]).toEqual([[load, load], [{ content: 'a', is: 'failed', lanes: 0 }]]);
});

it('lanes that lose a model load it again if its files were written again before that', async () => {
  const { models, calls, states, onLost } = worker();
  models.sync(onDisk(model('one')));
  await models.settled();
  models.sync(onDisk(model('one', 'a', 'second')));
  calls.length = 0;
  onLost.at(-1)!(BROKEN);
  await models.settled();
  const queue = queueOf('one');
  expect(calls).toEqual([`gone ${queue}`, `unload ${queue}`, `load ${queue}`, `served ${queue}`]);
  expect(states()).toEqual([{ content: 'a', is: 'loaded', lanes: 1 }]);
  onLost.at(-1)!(BROKEN);
  await models.settled();
  expect(states()).toEqual([{ content: 'a', is: 'failed', lanes: 0 }]);
});
