/** The report as one self-contained page with tables and charts. */
import { chartHtml, escapeHtml } from './charts.js';
import { cellsOf, COLUMNS } from './format.js';

export function reportHtml({ started, machine, quick, cases }) {
  const judgedRows = cases
    .flatMap((one) => one.rows)
    .filter((row) => row.pass === true || row.pass === false);
  const passed = judgedRows.filter((row) => row.pass).length;
  const facts = [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gb} GB`,
    `node ${machine.node}`,
    `revision ${machine.revision}`,
    `load at start ${machine.load.toFixed(1)}`,
    ...(quick ? ['smoke run: the figures mean little'] : []),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Forebay benchmarks, ${started.toISOString().slice(0, 10)}</title><style>${STYLE}</style></head><body><main>
<h1>Forebay benchmarks</h1>
<p class="facts">${started.toISOString().slice(0, 16).replace('T', ' ')} UTC · ${facts.map(escapeHtml).join(' · ')}</p>
<p><strong>${passed} of ${judgedRows.length}</strong> figures reach their target.</p>
<nav>${cases.map(({ name }) => `<a href="#${name}">${name}</a>`).join('')}</nav>
${cases.map(sectionHtml).join('\n')}
</main></body></html>
`;
}

function sectionHtml({ name, title, proves, runs, seconds, rows, charts, notes }) {
  const heads = COLUMNS.map((column) => `<th>${column}</th>`).join('');
  const lines = rows.map((row) => `<tr>${cellsOf(row).map(cellHtml).join('')}</tr>`).join('\n');
  const table =
    rows.length === 0
      ? ''
      : `<div class="wide"><table><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table></div>`;
  const said =
    notes.length === 0 ? '' : `<ul>${notes.map((note) => `<li>${escapeHtml(note)}</li>`).join('')}</ul>`;
  return `<section id="${name}"><h2>${escapeHtml(title)}</h2>
<p>${escapeHtml(proves)}</p>
<p class="facts"><code>npm run bench -- ${name}</code> · --runs ${runs} · took ${seconds} s</p>
${table}${charts.map(chartHtml).join('\n')}${said}</section>`;
}

function cellHtml(cell) {
  const kind = { pass: ' class="pass"', MISS: ' class="miss"' }[cell] ?? '';
  return `<td${kind}>${escapeHtml({ pass: '✓ pass', MISS: '✗ miss' }[cell] ?? cell)}</td>`;
}

const STYLE = `
:root{color-scheme:light dark;--page:#f9f9f7;--card:#fff;--ink:#0b0b0b;--soft:#52514e;--line:#e1e0d9;
--good:#006300;--bad:#c0302f;
--c1:#2a78d6;--c2:#eb6834;--c3:#1baf7a;--c4:#eda100;--c5:#e87ba4;--c6:#008300;--c7:#4a3aa7;--c8:#e34948}
@media (prefers-color-scheme:dark){:root{--page:#0d0d0d;--card:#1a1a19;--ink:#fff;--soft:#c3c2b7;--line:#383835;
--good:#0ca30c;--bad:#e66767;
--c1:#3987e5;--c2:#d95926;--c3:#199e70;--c4:#c98500;--c5:#d55181;--c6:#008300;--c7:#9085e9;--c8:#e66767}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main{max-width:880px;margin:0 auto;padding:32px 20px 64px}
h1{font-size:26px;margin:0}h2{font-size:18px;margin:0}
.facts{color:var(--soft);margin:4px 0 14px;font-size:13px}
nav{display:flex;flex-wrap:wrap;gap:6px 14px;margin:14px 0 22px}nav a{color:var(--c1)}
section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:20px 24px;margin:0 0 20px}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:5px 0 5px 18px;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;padding-left:0;white-space:normal}
th{color:var(--soft);font-weight:500;font-size:13px}
.pass{color:var(--good)}.miss{color:var(--bad);font-weight:600}
ul{color:var(--soft);font-size:13px;padding-left:18px;margin:14px 0 0}
figure{margin:24px 0 0}figcaption{font-weight:600;margin:0 0 8px}
svg{width:100%;height:auto;display:block}
text{font:12px system-ui,sans-serif;fill:var(--ink)}text.axis{fill:var(--soft);font-size:11px}
text.value{font-variant-numeric:tabular-nums}
.grid{stroke:var(--line)}.line{fill:none;stroke-width:2}.dot{stroke:var(--card);stroke-width:2}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;font-size:12px;margin:0 0 8px}
.legend span{display:inline-flex;align-items:center;gap:6px}.legend i{width:10px;height:10px;border-radius:2px}
`;
