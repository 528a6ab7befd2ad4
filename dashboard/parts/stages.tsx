/** Where each second of the lanes went, and the times beside them. */
import type { JobStatsWire } from '../../src/api/http/wire/stats.ts';
import { duration, percent } from '../format.ts';

type Stages = JobStatsWire['stages'];

/** Stages that add up to the time of the lanes. */
const OF_LANES = [
  ['open_ms', 'open'],
  ['decode_ms', 'decode'],
  ['prepare_ms', 'prepare'],
  ['infer_ms', 'model'],
  ['post_ms', 'answers'],
  ['other_ms', 'messages'],
  ['idle_ms', 'idle'],
] as const satisfies readonly (readonly [keyof Stages, string])[];

/** Stages of other threads. They overlap with the lanes. */
const BESIDE = [
  ['begin_ms', 'beginning blocks'],
  ['read_ms', 'fetching rows'],
  ['blocked_ms', 'waiting for room in flight'],
  ['decode_ahead_ms', 'decoding in other threads'],
  ['write_ms', 'publishing parts'],
  ['commit_ms', 'committing'],
] as const satisfies readonly (readonly [keyof Stages, string])[];

export function StageTimes({ stages }: { stages: Stages }) {
  const parts = OF_LANES.map(([field, name]) => ({ name, ms: stages[field] ?? 0 }));
  const whole = parts.reduce((sum, { ms }) => sum + ms, 0);
  if (whole === 0) return <p class="muted">Nothing has been computed yet.</p>;
  let from = 0;
  return (
    <>
      <svg viewBox="0 0 1000 28" preserveAspectRatio="none" class="stages" aria-hidden="true">
        {parts.map(({ name, ms }) => {
          const width = (ms / whole) * 1000;
          const at = from;
          from += width;
          return <rect key={name} class={`stage ${name}`} x={at} y="0" width={width} height="28" />;
        })}
      </svg>
      <table class="narrow">
        <caption>Time of the lanes: {duration(whole / 1000)}</caption>
        <thead>
          <tr>
            <th scope="col">stage</th>
            <th scope="col" class="number">
              time
            </th>
            <th scope="col" class="number">
              share
            </th>
          </tr>
        </thead>
        <tbody>
          {parts.map(({ name, ms }) => (
            <tr key={name}>
              <th scope="row">
                <svg class="key" viewBox="0 0 1 1" aria-hidden="true">
                  <rect class={`stage ${name}`} width="1" height="1" />
                </svg>
                {name}
              </th>
              <td class="number">{duration(ms / 1000)}</td>
              <td class="number">{percent(ms / whole)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="muted">
        Beside the lanes, summed over blocks:{' '}
        {BESIDE.map(([field, name]) => `${name} ${duration((stages[field] ?? 0) / 1000)}`).join(', ')}.
      </p>
    </>
  );
}
