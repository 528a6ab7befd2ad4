/** A tuning as an HTML page with charts. The page loads nothing. Pure. */
import type { Tuned } from '../../shared/profiles/tune-events.ts';
import { formatCount, formatCounted, formatRate, formatSeconds } from '../progress/format.ts';
import { formatBytes } from '../../shared/text/bytes.ts';
import { escapeHtml } from '../../shared/text/escape-html.ts';
import { barsSvg, batchLinesSvg, pathSvg } from './report-charts.ts';
import { marksOf, rankSettings, type RankedSettings } from './rank-settings.ts';
import { exhaustiveText, gainText } from './tuned-text.ts';
import { errorText, resultText, settingsText } from './tune-view.ts';

export function reportHtml(tuned: Tuned): string {
  const { profile } = tuned;
  const { machine } = profile;
  const ranking = rankSettings(tuned);
  const facts: [string, string][] = [
    ['Model', `${profile.model.name} (${profile.model.hash.slice(0, 12)})`],
    [
      'Machine',
      `${machine.cpu}, ${formatCounted(machine.cpus, 'core')}, ${machine.memory_gb} GB, Node ${machine.node}, onnxruntime ${machine.onnxruntime}`,
    ],
    ['Sample', `${formatCounted(profile.sample.rows, 'row')}, ${formatBytes(profile.sample.bytes)}`],
    [
      'Search',
      `${tuned.measured} of ${formatCounted(tuned.space, 'configuration')} in ${formatSeconds(tuned.searchSeconds)}`,
    ],
    ...(tuned.exhaustive === null
      ? []
      : ([['Whole space', exhaustiveText(tuned.exhaustive, tuned.searchSeconds)]] as [string, string][])),
    ['Measured', profile.measured_at],
  ];
  const title = `${profile.model.name}: ${settingsText(profile.settings)}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(`forebay tune: ${profile.model.name}`)}</title><style>${STYLE}</style></head><body><main>
<h1>${escapeHtml(title)}</h1>
<p class="lead"><b>${formatRate(profile.rows_per_s)} rows/s</b>${escapeHtml(gainText(tuned))}</p>
<dl>${facts.map(([name, value]) => `<dt>${name}</dt><dd>${escapeHtml(value)}</dd>`).join('')}</dl>
${figure('Throughput by configuration', 'Rows/s, highest first, corrected for the drift of the machine. Whiskers are 95 % intervals. Measurements with pale bars were cut short. A bar above the chosen one is faster only within the noise.', barsSvg(ranking))}
${figure('Throughput against batch size', 'The highest rate of each batch size, with one line per combination of lanes and threads.', batchLinesSvg(ranking))}
${figure('All measurements in order', 'Rows/s of each measurement in order, not corrected. The line shows the highest rate of the search so far.', pathSvg(profile.measurements))}
<h2>All measurements</h2>
<table><thead><tr><th>Lanes<th>Threads<th>Batch<th>Decode<th>Rows/s<th>Error<th>Memory<th>Measured<th></tr></thead>
<tbody>${ranking.map(rowHtml).join('')}</tbody></table>
</main></body></html>
`;
}

function figure(title: string, caption: string, svg: string): string {
  return `<figure><h2>${title}</h2><figcaption>${caption}</figcaption>${svg}</figure>\n`;
}

function rowHtml(one: RankedSettings): string {
  const { lanes, threads_per_lane, batch_size, decode_threads } = one.settings;
  const note = one.rate === null ? resultText(one.last) : marksOf(one).join(', ');
  const cells = [
    lanes,
    threads_per_lane,
    batch_size,
    decode_threads,
    one.rate === null ? '-' : formatRate(one.rate),
    errorText(one.error),
    one.peakBytes === null ? '-' : formatBytes(one.peakBytes),
    `${formatCount(one.times)}x`,
  ];
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}<td class="note">${escapeHtml(note)}</td></tr>`;
}

const STYLE = `
:root{--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--back:#fff;--c1:#2563a8;--c2:#c2570c;--c3:#0f7b6c;--c4:#8a4fbf;--c5:#a3262f;--c6:#5b6675;color-scheme:light dark}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#9aa6b5;--line:#333d4a;--back:#14181f;--c1:#6aa7e8;--c2:#f0954f;--c3:#4cc2ae;--c4:#bf93ec;--c5:#ee7a82;--c6:#9aa6b5}}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:820px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:36px 0 0}
.lead{margin:0 0 16px;font-size:17px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:0}dt{color:var(--soft)}dd{margin:0}
figure{margin:0}figcaption{color:var(--soft);margin-bottom:8px}svg{display:block;width:100%;height:auto}
svg text{font:12px system-ui,sans-serif;fill:var(--ink)}svg .soft{fill:var(--soft)}
table{border-collapse:collapse;width:100%;font-size:13px;margin-top:8px}
th,td{text-align:right;padding:3px 8px;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums}
th{color:var(--soft);font-weight:500}.note{text-align:left;color:var(--soft)}
`;
