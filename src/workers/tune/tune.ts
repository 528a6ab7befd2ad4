/** A tuning from wish to profile: sample, space, search, and the whole space where that was asked for. */
import { loadavg } from 'node:os';
import { performance } from 'node:perf_hooks';
import { autoBatchSize } from '../../shared/domain/auto-batch.ts';
import type { ModelContract } from '../../shared/domain/model-contract.ts';
import { ForebayError } from '../../shared/errors.ts';
import { loadModelFolder } from '../../shared/models/model-folder.ts';
import { describeMachine } from '../../shared/profiles/machine-fingerprint.ts';
import type { ProfileStore } from '../../shared/profiles/profile-store.ts';
import {
  PROFILE_VERSION,
  type LaneSettings,
  type Measurement,
  type Profile,
} from '../../shared/profiles/profile.ts';
import type { Exhaustive, TuneEvent, Tuned, TuneWish } from '../../shared/profiles/tune-events.ts';
import type { RowReader } from '../read/row-reader.ts';
import { planLanes, wish, type Resources } from '../resources.ts';
import type { Reading } from './duel.ts';
import { createMeter, type MeasureHow, type Meter } from './measure.ts';
import { takeSample } from './sample.ts';
import { compareInTurns, search } from './search.ts';
import { createSpace, keyOf, type Space } from './space.ts';

/** The rest is the system's, the main process's and the page cache's. */
const MEMORY_SHARE = 0.7;
/** Above this share of the cores in use by others, figures are about them, too. */
const BUSY = 0.5;
/** Comparisons of the space's best with the search's choice: this is what a claim rests on. */
const PROOF_ROUNDS = 4;

export interface TuneDeps {
  readonly resources: Resources;
  readonly reader: RowReader;
  readonly store: ProfileStore;
  readonly emit: (event: TuneEvent) => void;
  /** Called with what must be ended when the process ends. */
  readonly onMeter: (meter: Meter) => void;
}

/** Throws ForebayError: the model's, the input's, `model_load_failed` where no configuration runs. */
export async function tune(wish: TuneWish, deps: TuneDeps): Promise<Tuned> {
  const { resources, emit } = deps;
  const folder = await loadModelFolder(wish.modelDir);
  const { contract, ref } = folder;
  const sample = await takeSample(
    wish.dataset,
    wish.sampleRows,
    deps.reader,
    AbortSignal.timeout(SAMPLE_TIMEOUT_MS),
  );
  const memoryLimitBytes = wish.memoryLimitBytes ?? resources.memoryBytes * MEMORY_SHARE;
  const meter = createMeter({
    folder,
    limits: wish.limits,
    rows: sample.rows,
    seconds: wish.secondsPerConfig,
    memoryLimitBytes,
  });
  deps.onMeter(meter);
  const formula = formulaOf(resources, folder.bytes, contract);
  // One lane: what cannot be loaded even once is no matter of settings.
  const { fixedBatch } = await meter.inspect({ ...formula, lanes: 1 });
  const space = createSpace(
    { cpus: resources.cpus, maxBatch: wish.maxBatch, fixedBatch, ...pins(wish.only, contract) },
    formula,
  );
  emit({
    type: 'begun',
    model: ref.name,
    cpus: resources.cpus,
    memoryLimitBytes,
    space: space.all.length,
    sample: { rows: sample.rows.length, bytes: sample.bytes, unreadable: sample.unreadable },
    start: space.start,
    notes: notesOf(resources, wish, contract),
  });

  const measurements: Measurement[] = [];
  let best: number | null = null;
  const take = async (settings: LaneSettings, how: TakeHow) => {
    emit({ type: 'measuring', settings, phase: how.phase, bestRowsPerS: best });
    const measurement = await timed(meter, settings, how);
    measurements.push(measurement);
    emit({ type: 'measured', measurement });
    const { rows_per_s: rate, error } = measurement;
    if (rate !== null && rate > (best ?? 0)) best = rate;
    return { rate, error: error ?? 0 } satisfies Reading;
  };

  const begun = performance.now();
  const found = await search({ start: space.start, axes: space.axes, keyOf, measure: take });
  const searchSeconds = (performance.now() - begun) / 1000;
  if (found.best === null || found.rate === null) throw nothingRuns(measurements);

  let chosen = { settings: found.best, rate: found.rate };
  let exhaustive: Exhaustive | null = null;
  if (wish.exhaustive) {
    exhaustive = await measureAll(space, found.best, async (settings) => take(settings, EXHAUSTIVE));
    if (exhaustive.bestRowsPerS > exhaustive.chosenRowsPerS) {
      chosen = { settings: exhaustive.best, rate: exhaustive.bestRowsPerS };
    }
  }
  await meter.end();

  const profile: Profile = {
    v: PROFILE_VERSION,
    model: { name: ref.name, hash: ref.hash },
    machine: describeMachine(resources),
    settings: chosen.settings,
    rows_per_s: chosen.rate,
    formula: { settings: space.start, rows_per_s: found.startRate },
    measured_at: new Date().toISOString(),
    sample: { rows: sample.rows.length, bytes: sample.bytes },
    measurements,
  };
  const path = await deps.store.write(profile);
  return { profile, path, searchSeconds, space: space.all.length, measured: found.measured, exhaustive };
}

const SAMPLE_TIMEOUT_MS = 120_000;

type TakeHow = MeasureHow & Pick<Measurement, 'phase'>;

/** A grid has nothing to compare with on its way: every point in full. */
const EXHAUSTIVE: TakeHow = { bar: null, share: 1, phase: 'exhaustive' };

async function timed(meter: Meter, settings: LaneSettings, how: TakeHow): Promise<Measurement> {
  const begun = performance.now();
  const taken = await meter.measure(settings, how);
  return {
    settings,
    phase: how.phase,
    outcome: taken.outcome,
    rows_per_s: taken.rate,
    error: taken.rate === null ? null : taken.error,
    stopped_early: taken.stoppedEarly,
    peak_bytes: taken.peakBytes,
    seconds: (performance.now() - begun) / 1000,
    message: taken.message,
  };
}

/** Every configuration in full; then its best against the search's choice in turns, for the best of many is lucky. */
async function measureAll(
  space: Space,
  chosen: LaneSettings,
  take: (settings: LaneSettings) => Promise<Reading>,
): Promise<Exhaustive> {
  const begun = performance.now();
  let best = chosen;
  let bestRate = 0;
  for (const settings of space.all) {
    const { rate } = await take(settings);
    if (rate === null || rate <= bestRate) continue;
    best = settings;
    bestRate = rate;
  }
  const seconds = (performance.now() - begun) / 1000;
  const same = keyOf(best) === keyOf(chosen);
  const [chosenRate = 0, rate = chosenRate] = await compareInTurns(
    same ? [chosen] : [chosen, best],
    PROOF_ROUNDS,
    take,
  );
  return {
    best,
    configurations: space.all.length,
    seconds,
    chosenRowsPerS: chosenRate,
    bestRowsPerS: rate,
  };
}

/** What runs without a profile. */
function formulaOf(resources: Resources, modelBytes: number, contract: ModelContract): LaneSettings {
  const given = (value: number | 'auto') => wish('contract', value === 'auto' ? undefined : value);
  const plan = planLanes(resources, modelBytes, {
    lanes: given(contract.lanes),
    threads: given(contract.threads_per_lane),
  });
  return {
    lanes: plan.lanes,
    threads_per_lane: plan.threads,
    batch_size: autoBatchSize(contract),
    decode_threads: plan.decodeThreads,
  };
}

/** What the contract names is not searched: it would win over the profile anyway. */
function pins(only: TuneWish['only'], { lanes, threads_per_lane, batching }: ModelContract) {
  const fixed = (value: number | 'auto') => (value === 'auto' ? undefined : [value]);
  return {
    lanes: fixed(lanes) ?? only.lanes,
    threads: fixed(threads_per_lane) ?? only.threads,
    batches: fixed(batching.batch_size) ?? only.batches,
    decodeThreads: only.decodeThreads,
  };
}

function notesOf(resources: Resources, wish: TuneWish, contract: ModelContract): string[] {
  const notes: string[] = [];
  const load = loadavg()[0] ?? 0;
  if (load > resources.cpus * BUSY) {
    notes.push(`The machine is busy (load ${load.toFixed(1)}): tune it when it has nothing else to do.`);
  }
  const fixed = Object.entries({
    lanes: contract.lanes,
    threads_per_lane: contract.threads_per_lane,
    'batching.batch_size': contract.batching.batch_size,
  }).filter(([, value]) => value !== 'auto');
  if (fixed.length > 0) {
    const list = fixed.map(([name, value]) => `${name} ${value}`).join(', ');
    notes.push(`model.json fixes ${list}: set "auto" there to have it tuned.`);
  }
  if (wish.secondsPerConfig < 0.5) notes.push('Under 0.5 s a configuration, figures are rough.');
  return notes;
}

function nothingRuns(measurements: readonly Measurement[]): ForebayError {
  const memory = measurements.every(({ outcome }) => outcome === 'out_of_memory');
  const why = measurements.at(-1)?.message ?? 'nothing was measured';
  return new ForebayError(
    'model_load_failed',
    memory
      ? `No configuration fits the memory: ${why}. Give more, or fewer lanes and smaller batches.`
      : `No configuration runs: ${why}.`,
  );
}
