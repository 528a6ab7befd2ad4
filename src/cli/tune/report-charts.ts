/** The charts of a tuning's report as inline SVG. Colours are CSS variables of the page. Pure. */
import type { Measurement } from '../../shared/profiles/profile.ts';
import { escapeHtml } from '../../shared/text/escape-html.ts';
import { formatRate } from '../progress/format.ts';
import { marksOf, type RankedSettings } from './rank-settings.ts';

const WIDTH = 780;
const BARS = 24;
const COLOURS = 6;

/** Horizontal bars, the highest first, up to BARS. */
export function barsSvg(ranking: readonly RankedSettings[]): string {
  const shown = ranking.slice(0, BARS);
  const left = 190;
  const right = 190;
  const most = Math.max(...shown.map((one) => (one.rate ?? 0) * (1 + (one.error ?? 0))), 1e-9);
  const x = (rate: number) => left + (rate / most) * (WIDTH - left - right);
  const bars = shown.map((one, i) => {
    const y = i * 22 + 4;
    const name = text(left - 8, y + 13, shortName(one), 'end');
    if (one.rate === null) {
      return name + text(left + 4, y + 13, one.last.outcome.replaceAll('_', ' '), 'start', 'soft');
    }
    const colour = one.chosen ? 'var(--c2)' : 'var(--c1)';
    const opacity = one.stoppedEarly ? 0.45 : 1;
    const low = x(one.rate * (1 - (one.error ?? 0)));
    const high = x(one.rate * (1 + (one.error ?? 0)));
    const note = [formatRate(one.rate), ...marksOf(one)];
    return (
      name +
      `<rect x="${left}" y="${y}" width="${px(x(one.rate) - left)}" height="16" rx="2" fill="${colour}" opacity="${opacity}"><title>${escapeHtml(`${shortName(one)}: ${formatRate(one.rate)} rows/s`)}</title></rect>` +
      `<path d="M${px(low)} ${y + 8}H${px(high)}M${px(low)} ${y + 5}v6M${px(high)} ${y + 5}v6" stroke="var(--ink)" opacity="0.6"/>` +
      text(high + 8, y + 13, note.join(', '))
    );
  });
  const hidden = ranking.length - shown.length;
  const more = hidden > 0 ? text(left, shown.length * 22 + 16, `and ${hidden} slower`, 'start', 'soft') : '';
  return svg(shown.length * 22 + (hidden > 0 ? 24 : 8), bars.join('') + more);
}

/** The highest rate of each batch size, with one line per combination of lanes and threads, up to COLOURS. */
export function batchLinesSvg(ranking: readonly RankedSettings[]): string {
  const series = new Map<string, Map<number, number>>();
  for (const { settings, rate } of ranking) {
    if (rate === null) continue;
    const name = `${settings.lanes} x ${settings.threads_per_lane}`;
    const points = series.get(name) ?? new Map<number, number>();
    points.set(settings.batch_size, Math.max(rate, points.get(settings.batch_size) ?? 0));
    series.set(name, points);
  }
  const shown = [...series].toSorted((a, b) => Math.max(...b[1].values()) - Math.max(...a[1].values()));
  const batches = [...new Set(shown.flatMap(([, points]) => [...points.keys()]))].toSorted((a, b) => a - b);
  const most = Math.max(...shown.flatMap(([, points]) => [...points.values()]), 1e-9);
  const { frame, x, y } = plot(
    batches.map((size) => String(size)),
    most,
    'batch size',
  );
  const lines = shown.slice(0, COLOURS).map(([name, points], i) => {
    const at = [...points].toSorted((a, b) => a[0] - b[0]);
    const places = at.map(([size, rate]) => [x(batches.indexOf(size)), y(rate)] as const);
    const colour = `var(--c${i + 1})`;
    const dots = places.map(
      ([cx, cy], j) =>
        `<circle cx="${px(cx)}" cy="${px(cy)}" r="3.5" fill="${colour}"><title>${name}, batch ${at[j]![0]}: ${formatRate(at[j]![1])} rows/s</title></circle>`,
    );
    const legendY = 20 + i * 18;
    return (
      `<polyline points="${places.map(([cx, cy]) => `${px(cx)},${px(cy)}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="2"/>` +
      dots.join('') +
      `<rect x="${WIDTH - 132}" y="${legendY - 5}" width="14" height="4" fill="${colour}"/>` +
      text(WIDTH - 112, legendY, name)
    );
  });
  return svg(HEIGHT, frame + lines.join(''));
}

/**
 * Every measurement in order except those of the exhaustive search, and the highest rate of the search so far as a step
 * line.
 */
export function pathSvg(all: readonly Measurement[]): string {
  const taken = all.filter(({ phase }) => phase !== 'exhaustive');
  const most = Math.max(...taken.map((one) => one.rows_per_s ?? 0), 1e-9);
  const labels = taken.map((_, i) => String(i + 1));
  const { frame, x, y } = plot(labels, most, 'measurement');
  let highest = 0;
  let path = '';
  for (const [i, one] of taken.entries()) {
    if (one.phase !== 'search') break;
    highest = Math.max(highest, one.stopped_early ? 0 : (one.rows_per_s ?? 0));
    path += i === 0 ? `M${px(x(0))} ${px(y(highest))}` : `H${px(x(i))}V${px(y(highest))}`;
  }
  const dots = taken.map((one, i) => {
    const { lanes, threads_per_lane, batch_size, decode_threads } = one.settings;
    const name = `${lanes} x ${threads_per_lane}, batch ${batch_size}, decode ${decode_threads}`;
    const result =
      one.rows_per_s === null ? one.outcome.replaceAll('_', ' ') : `${formatRate(one.rows_per_s)} rows/s`;
    const colour = one.rows_per_s === null ? 'var(--c5)' : one.phase === 'final' ? 'var(--c3)' : 'var(--c1)';
    return `<circle cx="${px(x(i))}" cy="${px(y(one.rows_per_s ?? 0))}" r="4.5" fill="${colour}" opacity="${one.stopped_early ? 0.45 : 1}"><title>${name}: ${result}</title></circle>`;
  });
  const legend = (
    [
      ['var(--c1)', 'search'],
      ['var(--c3)', 'final, in turns'],
      ['var(--c5)', 'did not run'],
    ] as const
  ).map(
    ([colour, name], i) =>
      `<circle cx="${WIDTH - 124}" cy="${16 + i * 18}" r="4.5" fill="${colour}"/>${text(WIDTH - 112, 20 + i * 18, name)}`,
  );
  const line = `<path d="${path}" fill="none" stroke="var(--c2)" stroke-width="1.5" opacity="0.8"/>`;
  return svg(HEIGHT, frame + line + dots.join('') + legend.join(''));
}

const HEIGHT = 300;
const LEFT = 56;
const RIGHT = 150;
const BOTTOM = 44;

/** Axes start at zero, so that differences look as large as they are. */
function plot(labels: readonly string[], most: number, xName: string) {
  const top = 26;
  const ceiling = niceCeiling(most);
  const width = WIDTH - LEFT - RIGHT;
  const x = (i: number) => LEFT + 16 + (labels.length < 2 ? 0 : (i / (labels.length - 1)) * (width - 32));
  const y = (value: number) => top + (1 - value / ceiling) * (HEIGHT - top - BOTTOM);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const at = px(y(ceiling * share));
    const label = share === 0 ? '0' : formatRate(ceiling * share);
    return `<path d="M${LEFT} ${at}h${width}" stroke="var(--line)"/>${text(LEFT - 8, Number(at) + 4, label, 'end', 'soft')}`;
  });
  const every = Math.ceil(labels.length / 20);
  const ticks = labels.map((label, i) =>
    i % every === 0 ? text(x(i), HEIGHT - BOTTOM + 18, label, 'middle', 'soft') : '',
  );
  const names =
    text(LEFT + width / 2, HEIGHT - 6, xName, 'middle', 'soft') + text(LEFT - 8, 12, 'rows/s', 'end', 'soft');
  return { frame: grid.join('') + ticks.join('') + names, x, y };
}

/** 1, 2, 2.5, 4, 5 or 8 times a power of ten, so that a quarter of it is a round number. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 2.5, 4, 5, 8, 10].map((step) => step * power).find((step) => step >= value)!;
}

function shortName({ settings }: RankedSettings): string {
  const { lanes, threads_per_lane, batch_size, decode_threads } = settings;
  return `${lanes} x ${threads_per_lane}, batch ${batch_size}, decode ${decode_threads}`;
}

function svg(height: number, body: string): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${body}</svg>`;
}

function text(x: number, y: number, content: string, anchor = 'start', kind = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}"${kind ? ` class="${kind}"` : ''}>${escapeHtml(content)}</text>`;
}

function px(value: number): string {
  return value.toFixed(1);
}
