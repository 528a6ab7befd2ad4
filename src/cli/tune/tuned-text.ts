/** The result of a tuning as text: the table, the gain and the profile. Pure. */
import { settingsKey } from '../../shared/profiles/profile.ts';
import type { Exhaustive, Tuned } from '../../shared/profiles/tune-events.ts';
import { table } from '../jobs/table.ts';
import { formatCounted, formatRate, formatSeconds } from '../progress/format.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { marksOf, rankSettings, type RankedSettings } from './rank-settings.ts';
import { errorText, settingsText } from './tune-view.ts';

/** Rows of the table. The report and the profile have all of them. */
const SHOWN = 12;

export function tunedText(tuned: Tuned): string {
  const { profile, start } = tuned;
  const ranking = rankSettings(tuned);
  const hidden = ranking.length - SHOWN;
  const { batch_size } = start.settings;
  return [
    rankingTable(ranking.slice(0, SHOWN)),
    hidden > 0
      ? `... and ${hidden} slower ${hidden === 1 ? 'one' : 'ones'}${tuned.path === null ? '' : ', in the profile'}.\n`
      : '',
    tuned.stopped ? '\nStopped early.' : '',
    `\n${choiceText(tuned)}\n`,
    `Measured ${tuned.measured} of ${formatCounted(tuned.space, 'configuration')} in ${formatSeconds(tuned.searchSeconds)}.\n`,
    tuned.exhaustive === null ? '' : exhaustiveText(tuned.exhaustive, tuned.searchSeconds),
    profile.settings.batch_size === batch_size
      ? ''
      : `The batch size changes from ${batch_size} to ${profile.settings.batch_size}. If a model's answers depend on it, as with some quantised models, scores may differ slightly.\n`,
    tuned.path === null
      ? '\nNo profile was written.\n'
      : `\nProfile: ${tuned.path}\nWorkers that you start on this machine use it from now on. Flags, settings and model.json override it. FOREBAY_PROFILES=off turns profiles off.\n`,
  ].join('');
}

function rankingTable(ranking: readonly RankedSettings[]): string {
  const head = ['LANES', 'THREADS', 'BATCH', 'DECODE', 'ROWS/S', 'ERROR', 'MEMORY', ''];
  const lines = ranking.map((one) => [
    String(one.settings.lanes),
    String(one.settings.threads_per_lane),
    String(one.settings.batch_size),
    String(one.settings.decode_threads),
    one.rate === null ? '-' : formatRate(one.rate),
    errorText(one.error),
    one.peakBytes === null ? '-' : formatBytes(one.peakBytes),
    marksOf(one).join(', '),
  ]);
  return table([head, ...lines], [0, 1, 2, 3, 4, 5, 6]);
}

/** `Chosen: 1 lane x 2 threads, batch 8, 2 decode threads. 172 rows/s, 12 % (±3 %) more than before (153 rows/s).` */
export function choiceText(tuned: Pick<Tuned, 'profile' | 'start' | 'gain'>): string {
  const { profile } = tuned;
  const kept = settingsKey(tuned.start.settings) === settingsKey(profile.settings);
  return `${kept ? 'Kept' : 'Chosen'}: ${settingsText(profile.settings)}. ${formatRate(profile.rows_per_s)} rows/s${gainText(tuned)}`;
}

export function gainText({ profile, start, gain }: Pick<Tuned, 'profile' | 'start' | 'gain'>): string {
  if (settingsKey(start.settings) === settingsKey(profile.settings)) {
    const noise = gain === null ? '' : ` (${noiseText(gain.noise)})`;
    return `, as before: nothing else was faster by more than the noise${noise}.`;
  }
  if (gain === null || start.rowsPerS === null) return '. The settings used so far do not run here.';
  const { gain: more, noise } = gain;
  return `, ${percent(more)} % (${noiseText(noise)}) more than before (${formatRate(start.rowsPerS)} rows/s).`;
}

/** On a busy machine, the noise can exceed the value itself. */
function noiseText(noise: number): string {
  return noise > 1 ? 'over ±100 %' : `±${percent(noise)} %`;
}

function percent(fraction: number): string {
  return (fraction * 100).toFixed(Math.abs(fraction) < 0.1 ? 1 : 0);
}

export function exhaustiveText(exhaustive: Exhaustive, searchSeconds: number): string {
  const { bestRowsPerS, chosenRowsPerS, seconds, configurations } = exhaustive;
  const off = Math.max(0, (1 - chosenRowsPerS / bestRowsPerS) * 100);
  const share = (searchSeconds / seconds) * 100;
  return (
    `All ${configurations} configurations took ${formatSeconds(seconds)}. The search took ${share.toFixed(0)} % of that. ` +
    `Its choice is ${off.toFixed(1)} % below the fastest of all, ${settingsText(exhaustive.best)} (${formatRate(chosenRowsPerS)} and ${formatRate(bestRowsPerS)} rows/s).\n`
  );
}
