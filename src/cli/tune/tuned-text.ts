/** What a tuning found, for people: the table, the gain, the file, who uses it. Pure. */
import { settingsKey } from '../../shared/profiles/profile.ts';
import type { Exhaustive, Tuned } from '../../shared/profiles/tune-events.ts';
import { table } from '../jobs/job-text.ts';
import { formatBytes, formatRate, formatSeconds } from '../progress/format.ts';
import { standingsOf, type Standing } from './standings.ts';
import { errorText, settingsText } from './tune-view.ts';

/** Rows of the table; the report and the profile have all. */
const SHOWN = 12;

export function tunedText(tuned: Tuned): string {
  const { profile } = tuned;
  const standings = standingsOf(profile.measurements);
  const hidden = standings.length - SHOWN;
  const { batch_size } = profile.formula.settings;
  return [
    standingsTable(standings.slice(0, SHOWN), tuned),
    hidden > 0 ? `... and ${hidden} more, in the profile.\n` : '',
    `\nBest: ${settingsText(profile.settings)}: ${formatRate(profile.rows_per_s)} rows/s${gainText(tuned)}\n`,
    `Measured ${tuned.measured} of ${tuned.space} configurations in ${formatSeconds(tuned.searchSeconds)}.\n`,
    tuned.exhaustive === null ? '' : exhaustiveText(tuned.exhaustive, tuned.searchSeconds),
    profile.settings.batch_size === batch_size
      ? ''
      : `The batch size changes from ${batch_size} to ${profile.settings.batch_size}: a model whose answers depend on it (some quantised ones) may give slightly other scores.\n`,
    `\nProfile: ${tuned.path}\n`,
    'Workers of this user on this machine use it from their next start, for whatever no flag, setting or model.json fixes. FOREBAY_PROFILES=off does without.\n',
  ].join('');
}

function standingsTable(standings: readonly Standing[], { profile }: Tuned): string {
  const best = settingsKey(profile.settings);
  const formula = settingsKey(profile.formula.settings);
  const head = ['LANES', 'THREADS', 'BATCH', 'DECODE', 'ROWS/S', 'ERROR', 'MEMORY', ''];
  const lines = standings.map((one) => {
    const key = settingsKey(one.settings);
    const marks = [
      key === best ? 'best' : '',
      key === formula ? 'without a profile' : '',
      one.stoppedEarly ? 'left early' : '',
      one.rate === null ? one.last.outcome.replaceAll('_', ' ') : '',
    ].filter((mark) => mark !== '');
    return [
      String(one.settings.lanes),
      String(one.settings.threads_per_lane),
      String(one.settings.batch_size),
      String(one.settings.decode_threads),
      one.rate === null ? '-' : formatRate(one.rate),
      errorText(one.error),
      one.peakBytes === null ? '-' : formatBytes(one.peakBytes),
      marks.join(', '),
    ];
  });
  return table([head, ...lines], [0, 1, 2, 3, 4, 5, 6]);
}

export function gainText({ profile }: Pick<Tuned, 'profile'>): string {
  const { settings, rows_per_s: before } = profile.formula;
  if (settingsKey(settings) === settingsKey(profile.settings)) return ', as without a profile.';
  if (before === null) return '; what is used without a profile does not run here.';
  const gain = (profile.rows_per_s / before - 1) * 100;
  return `, ${gain.toFixed(gain < 10 ? 1 : 0)} % more than the ${formatRate(before)} without a profile.`;
}

export function exhaustiveText(exhaustive: Exhaustive, searchSeconds: number): string {
  const { bestRowsPerS, chosenRowsPerS, seconds, configurations } = exhaustive;
  const off = Math.max(0, (1 - chosenRowsPerS / bestRowsPerS) * 100);
  const share = (searchSeconds / seconds) * 100;
  return (
    `All ${configurations} configurations took ${formatSeconds(seconds)}; the search took ${share.toFixed(0)} % of that. ` +
    `Its choice is ${off.toFixed(1)} % below the best of all, ${settingsText(exhaustive.best)} (${formatRate(chosenRowsPerS)} and ${formatRate(bestRowsPerS)} rows/s, measured in turns).\n`
  );
}
