/** Runs a tuning from request to profile: sample, space, search, and the whole space on request. */
import { performance } from 'node:perf_hooks';
import { lanesMemory } from '../../shared/domain/memory-shares.ts';
import { ForebayError } from '../../shared/errors.ts';
import { MAX_DEVICE_BATCH } from '../../shared/tasks/auto-batch.ts';
import { rowKindOf } from '../../shared/tasks/task-descriptions.ts';
import { loadModelFolder } from '../../shared/models/model-folder.ts';
import { describeMachine } from '../../shared/profiles/machine-fingerprint.ts';
import type { ProfileStore } from '../../shared/profiles/profile-store.ts';
import {
  PROFILE_VERSION,
  settingsKey,
  type LaneSettings,
  type Measurement,
} from '../../shared/profiles/profile.ts';
import type { TuneEvent, Tuned, TuneRequest } from '../../shared/profiles/tune-events.ts';
import type { DatasetOptions } from '../../shared/datasets/open-dataset.ts';
import type { RowReader } from '../intake/read/row-reader.ts';
import { laneKindOf } from '../settings/lane-kind.ts';
import type { Resources } from '../settings/resources.ts';
import type { Reading } from './search/duel.ts';
import { changesOf } from './space/changes.ts';
import { createMeter, type MeasureHow, type Meter } from './measure/measure.ts';
import { createResult } from './result.ts';
import { takeSample } from './measure/sample.ts';
import { search } from './search/search.ts';
import { createSpace } from './space/space.ts';
import { notesOf } from './notes.ts';
import { formulaOf, givenValues, startOf } from './space/start-settings.ts';
import { unlessStopped } from './search/unless-stopped.ts';
import { measureWholeSpace } from './search/exhaustive.ts';

export interface TuneDeps {
  readonly resources: Resources;
  readonly reader: RowReader;
  readonly places: Pick<DatasetOptions, 'stores' | 'files'>;
  readonly store: ProfileStore;
  readonly emit: (event: TuneEvent) => void;
  /** When it aborts, the tuning ends with the results so far. */
  readonly stop: AbortSignal;
  /** Called with the meter, which must be killed when the process ends. */
  readonly onMeter: (meter: Meter) => void;
}

/**
 * Throws a ForebayError of the model or the input, or `model_load_failed` if the model does not load or no
 * configuration runs. Throws the signal's reason if the tuning was stopped before anything ran.
 */
export async function tune(request: TuneRequest, deps: TuneDeps): Promise<Tuned> {
  const { resources, emit, stop, store } = deps;
  const folder = await loadModelFolder(request.modelDir);
  const { config, ref } = folder;
  const machine = describeMachine(resources);
  const sample = await takeSample(
    request.dataset,
    rowKindOf(config),
    request.sampleRows,
    deps,
    AbortSignal.any([stop, AbortSignal.timeout(SAMPLE_TIMEOUT_MS)]),
  );
  const kind = laneKindOf([config], request.decodeIn, resources);
  const memoryLimitBytes = request.memoryLimitBytes ?? lanesMemory(resources.memoryBytes);
  const meter = createMeter({
    folder,
    limits: request.limits,
    rows: sample.rows,
    seconds: request.secondsPerConfig,
    memoryLimitBytes,
    lanes: { threaded: kind.threaded !== 'none', loadTimeoutMs: request.loadTimeoutMs },
  });
  deps.onMeter(meter);
  const formula = formulaOf(resources, folder.bytes, config, kind);
  // One lane is enough to see whether the model loads at all.
  const { fixedBatch } = await unlessStopped(stop, meter.inspect({ ...formula, lanes: 1 }));
  const space = createSpace(
    {
      cpus: resources.cpus,
      maxBatch: request.maxBatch ?? (kind.onCpu ? MAX_BATCH : MAX_DEVICE_BATCH),
      fixedBatch,
      ...givenValues(request.only, config),
    },
    formula,
  );
  const start = startOf(space, await store.read(ref.hash, machine.fingerprint));
  const sampleFacts = { rows: sample.rows.length, bytes: sample.bytes };
  emit({
    type: 'begun',
    model: ref.name,
    cpus: resources.cpus,
    memoryLimitBytes,
    space: space.all.length,
    sample: { ...sampleFacts, unreadable: sample.unreadable },
    start,
    notes: notesOf(resources, request, config),
  });

  const measurements: Measurement[] = [];
  let highest: number | null = null;
  const take = async (settings: LaneSettings, how: TakeHow): Promise<Reading> => {
    emit({ type: 'measuring', settings, phase: how.phase, highestRowsPerS: highest });
    const measurement = await unlessStopped(stop, timed(meter, settings, how));
    measurements.push(measurement);
    emit({ type: 'measured', measurement });
    const { rows_per_s: rate, error } = measurement;
    if (rate !== null && rate > (highest ?? 0)) highest = rate;
    return { rate, error: error ?? 0 };
  };

  const begun = performance.now();
  const { axes } = space;
  const found = await search({
    start: start.settings,
    axes,
    keyOf: settingsKey,
    changesOf,
    measure: take,
    signal: stop,
  });
  const searchSeconds = (performance.now() - begun) / 1000;
  if (found.best === null) {
    stop.throwIfAborted();
    throw nothingRuns(measurements);
  }
  const takeAll = async (settings: LaneSettings) => take(settings, EXHAUSTIVE);
  const whole =
    request.exhaustive && !stop.aborted
      ? await measureWholeSpace(space, found.best, takeAll).catch((error: unknown) => {
          if (!stop.aborted) throw error;
          return null;
        })
      : null;

  const result = createResult({ start, found: { ...found, best: found.best }, whole, measurements });
  // Lanes of a stopped tuning end with the process, because nobody waits for their batches.
  if (!stop.aborted) await meter.end();
  const profile = {
    v: PROFILE_VERSION,
    model: { name: ref.name, hash: ref.hash },
    machine,
    settings: result.settings,
    rows_per_s: result.rowsPerS,
    formula: {
      settings: space.start,
      rows_per_s: start.from === 'formula' ? result.startRowsPerS : null,
    },
    measured_at: new Date().toISOString(),
    sample: sampleFacts,
    measurements,
  } as const;
  // A stopped tuning that found nothing better leaves the current profile unchanged.
  const path = stop.aborted && !result.changed ? null : await store.write(profile);
  return {
    profile,
    path,
    stopped: stop.aborted,
    start: { ...start, rowsPerS: result.startRowsPerS },
    gain: result.gain,
    scores: Object.fromEntries(found.scores),
    searchSeconds,
    space: space.all.length,
    measured: found.measured,
    exhaustive: whole?.exhaustive ?? null,
  };
}

const SAMPLE_TIMEOUT_MS = 120_000;
/** Largest batch to try on the CPU. */
const MAX_BATCH = 64;

type TakeHow = MeasureHow & Pick<Measurement, 'phase'>;

/** Every point is measured in full. Without a bar, no measurement ends early. */
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

function nothingRuns(measurements: readonly Measurement[]): ForebayError {
  const memory = measurements.every(({ outcome }) => outcome === 'out_of_memory');
  const why = measurements.at(-1)?.message ?? 'nothing was measured';
  return new ForebayError(
    'model_load_failed',
    memory
      ? `No configuration fits the memory: ${why}. Allow more memory, or try fewer lanes and smaller batches.`
      : `No configuration runs: ${why}.`,
  );
}
