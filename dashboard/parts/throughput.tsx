/** Rows per second over time, as a drawing and in words. */
import { count, duration, rate } from '../format.ts';
import { ratesOf, type Sample } from './rates.ts';

const WIDTH = 720;
const HEIGHT = 160;
/** Room for the labels of the axes. */
const LEFT = 56;
const BOTTOM = 20;

export function Throughput({ samples }: { samples: readonly Sample[] }) {
  const { seconds, rates } = ratesOf(samples);
  if (rates.length === 0) return <p class="muted">Nothing to draw before two commits.</p>;
  const most = Math.max(...rates, 1e-9);
  const x = (at: number) => LEFT + (at / (rates.length - 1)) * (WIDTH - LEFT - 8);
  const y = (value: number) => 8 + (1 - value / most) * (HEIGHT - BOTTOM - 8);
  const line = rates.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  const finished = samples.at(-1)!.rows - samples[0]!.rows;
  const text = `${count(finished)} ${finished === 1 ? 'row' : 'rows'} in ${duration(seconds)}, ${rate(finished / seconds)} per second on average, at most ${rate(most)}.`;
  return (
    <figure>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text} class="chart">
        {[0, 0.5, 1].map((share) => (
          <g key={share}>
            <line x1={LEFT} x2={WIDTH - 8} y1={y(most * share)} y2={y(most * share)} />
            <text x={LEFT - 6} y={y(most * share) + 4} text-anchor="end">
              {rate(most * share)}
            </text>
          </g>
        ))}
        <polygon points={`${x(0)},${y(0)} ${line} ${x(rates.length - 1)},${y(0)}`} />
        <polyline points={line} />
        <text x={LEFT} y={HEIGHT - 4}>
          0 s
        </text>
        <text x={WIDTH - 8} y={HEIGHT - 4} text-anchor="end">
          {duration(seconds)}
        </text>
      </svg>
      <figcaption>{text}</figcaption>
    </figure>
  );
}
