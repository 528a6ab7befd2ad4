/** Draws charts as inline SVG. The page's CSS variables --c1 to --c8 give the colours. Pure. */
import { escapeHtml as escapeText } from '../../dist/shared/text/escape-html.js';
import { short } from './format.js';
import { linearTicks, logTicks, scaleOf } from './scales.js';

const WIDTH = 760;
const LETTER = 6.6;

/**
 * @param {import('./result.js').Chart} chart
 * @returns {string} a figure element
 */
export function chartHtml(chart) {
  const svg = { bars: barsSvg, lines: linesSvg, stacked: stackedSvg }[chart.type](chart);
  return `<figure><figcaption>${escapeHtml(chart.title)}</figcaption>${svg}</figure>`;
}

/** Also takes numbers, because some labels of charts are numbers. @param {unknown} text */
export function escapeHtml(text) {
  return escapeText(String(text));
}

/** Horizontal bars of one colour. @param {import('./result.js').Bars} chart */
function barsSvg({ bars, unit }) {
  const left = labelRoom(bars.map((bar) => bar.label));
  const right = 150;
  const step = 30;
  const most = Math.max(...bars.map((bar) => bar.value), 1e-9);
  const body = bars.map(({ label, value, note }, i) => {
    const y = i * step + 6;
    const length = Math.max(1, (value / most) * (WIDTH - left - right));
    return (
      text(left - 10, y + 14, label, 'end') +
      bar(left, y, length, 20, 1, `${label}: ${short(value)} ${unit}`) +
      text(left + length + 8, y + 14, note ? `${short(value)} · ${note}` : short(value), 'start', 'value')
    );
  });
  const height = bars.length * step + 26;
  return svg(height, `${body.join('')}${text(left, height - 6, unit, 'start', 'axis')}`);
}

/** @param {import('./result.js').Stacked} chart */
function stackedSvg({ bars, parts, unit }) {
  const left = labelRoom(bars.map((one) => one.label));
  const right = 90;
  const step = 40;
  const sums = bars.map(({ values }) => values.reduce((sum, value) => sum + value, 0));
  const most = Math.max(...sums, 1e-9);
  const body = bars.map(({ label, values }, i) => {
    const y = i * step + 6;
    let x = left;
    const pieces = values.map((value, part) => {
      const length = (value / most) * (WIDTH - left - right);
      const at = x;
      x += length;
      const gap = length > 3 ? 2 : 0;
      return bar(at, y, length - gap, 26, part + 1, `${label}, ${parts[part]}: ${short(value)} ${unit}`);
    });
    const sum = text(x + 8, y + 18, short(sums[i]), 'start', 'value');
    return text(left - 10, y + 18, label, 'end') + pieces.join('') + sum;
  });
  const height = bars.length * step + 22;
  const axis = text(left, height - 4, unit, 'start', 'axis');
  return legend(parts) + svg(height, body.join('') + axis);
}

/** @param {import('./result.js').Lines} chart */
function linesSvg({ series, x, y }) {
  const box = { left: 64, top: 26, right: WIDTH - 150, bottom: 290 };
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '<p>nothing measured</p>';
  const xs = points.map(([at]) => at);
  const ys = points.map(([, value]) => value);
  const xTicks = x.log
    ? [...new Set(xs)].toSorted((a, b) => a - b)
    : linearTicks(Math.min(...xs), Math.max(...xs));
  const yTicks = y.log ? logTicks(Math.min(...ys), Math.max(...ys)) : linearTicks(0, Math.max(...ys));
  const toX = scaleOf(xTicks, box.left, box.right, x.log);
  const toY = scaleOf(yTicks, box.bottom, box.top, y.log);
  const grid = yTicks.map(
    (tick) =>
      `<line class="grid" x1="${box.left}" x2="${box.right}" y1="${px(toY(tick))}" y2="${px(toY(tick))}"/>` +
      text(box.left - 8, toY(tick) + 4, short(tick), 'end', 'axis'),
  );
  const below = xTicks.map((tick) => text(toX(tick), box.bottom + 18, short(tick), 'middle', 'axis'));
  const ends = spread(series.map(({ points: all }) => toY(all.at(-1)?.[1] ?? 0)));
  const drawn = series.map(({ label, points: all }, i) => {
    const path = all.map(([at, value]) => `${px(toX(at))},${px(toY(value))}`).join(' ');
    const dots = all.map(
      ([at, value]) =>
        `<circle cx="${px(toX(at))}" cy="${px(toY(value))}" r="4" fill="var(--c${i + 1})" class="dot">` +
        `<title>${escapeHtml(`${label}, ${x.label} ${short(at)}: ${short(value)} ${y.unit ?? ''}`)}</title></circle>`,
    );
    const name = all.length === 0 ? '' : text(toX(all.at(-1)[0]) + 12, ends[i] + 4, label, 'start', 'value');
    return `<polyline points="${path}" class="line" stroke="var(--c${i + 1})"/>${dots.join('')}${name}`;
  });
  const axes =
    text(box.left - 54, 11, y.label, 'start', 'axis') +
    text((box.left + box.right) / 2, box.bottom + 40, x.label, 'middle', 'axis');
  const keys = series.length > 1 ? legend(series.map((one) => one.label)) : '';
  return keys + svg(box.bottom + 48, grid.join('') + below.join('') + axes + drawn.join(''));
}

/** Separates overlapping labels at line ends. @param {readonly number[]} wanted */
function spread(wanted) {
  const placed = [...wanted];
  const order = placed.map((_, i) => i).toSorted((a, b) => placed[a] - placed[b]);
  for (let i = 1; i < order.length; i++) {
    placed[order[i]] = Math.max(placed[order[i]], placed[order[i - 1]] + 15);
  }
  return placed;
}

function legend(names) {
  const items = names.map(
    (name, i) => `<span><i style="background:var(--c${i + 1})"></i>${escapeHtml(name)}</span>`,
  );
  return `<div class="legend">${items.join('')}</div>`;
}

function labelRoom(labels) {
  return Math.min(300, Math.max(...labels.map((label) => label.length)) * LETTER + 24);
}

function bar(x, y, width, height, colour, title) {
  const size = `x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="${height}" rx="2"`;
  return `<rect ${size} fill="var(--c${colour})"><title>${escapeHtml(title)}</title></rect>`;
}

function text(x, y, content, anchor, kind = 'label') {
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}" class="${kind}">${escapeHtml(content)}</text>`;
}

function svg(height, body) {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${body}</svg>`;
}

const px = (value) => Number(value.toFixed(1));
