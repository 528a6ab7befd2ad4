// Writes docs/settings.md, docs/errors.md and docs/metrics.md from the code that defines settings, errors and metrics
// (npm run docs).
// With --check it writes nothing and fails if a file is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { describeConfig } from '../dist/shared/config/describe-config.js';
import { ERROR_ADVICE, ERROR_GROUPS } from '../dist/shared/error-guide/error-guide.js';
import { ForebayError } from '../dist/shared/errors.js';
import { METRIC_TABLES } from '../dist/shared/observe/metrics/metric-tables.js';

const PAGES = {
  'docs/settings.md': settingsPage(),
  'docs/errors.md': errorsPage(),
  'docs/metrics.md': metricsPage(),
};

for (const [path, text] of Object.entries(PAGES)) {
  const url = new URL(`../${path}`, import.meta.url);
  if (!process.argv.includes('--check')) writeFileSync(url, text);
  else if (readFileSync(url, 'utf8') !== text) {
    process.stderr.write(`${path} is out of date. Update it with: npm run docs\n`);
    process.exitCode = 1;
  }
}

function settingsPage() {
  const settings = describeConfig();
  const titles = [...new Set(settings.map(({ group }) => group))];
  return `${header('Settings', 'src/shared/config/groups/')}
Settings are environment variables. A process reads them once, when it starts, and reports every wrong one at once. It
ignores variables that it does not know. \`forebay up\` and \`forebay run\` pass them on to the processes that they start.
\`run\` has its own Redis, address, pool and folders (except the cache folder), and requires no keys. It always
follows links, and ignores \`FOREBAY_MAX_JOBS\`, \`FOREBAY_MODELS\` and \`FOREBAY_WORKER_PORT\`. The flag of a command
wins over its variable. 1 MB is 1,048,576 bytes.

The command line alone reads two more variables. \`FOREBAY_URL\` is the service that \`submit\`, \`jobs\` and similar
commands call (default \`http://127.0.0.1:8080\`). \`FOREBAY_API_KEY\` is the key that they send ([security](security.md)).
${titles
  .map((title) =>
    settingsGroup(
      title,
      settings.filter(({ group }) => group === title),
    ),
  )
  .join('')}`;
}

function settingsGroup(title, settings) {
  const rows = settings.map((setting) =>
    row(settingNames(setting), setting.what, setting.fallback, setting.values, setting.trade),
  );
  return `
## ${title}

${table(['setting and flag', 'what it sets', 'default', 'values', 'trade-offs'], rows)}`;
}

function settingNames({ name, flag, flagMeans }) {
  if (flag === null) return `\`${name}\``;
  return `\`${name}\`, \`${flag}\`${flagMeans === null ? '' : ` (${flagMeans})`}`;
}

function errorsPage() {
  return `${header('Errors', 'src/shared/error-guide/')}
Every failure has one of these codes. You find it in the answer to a request, in the \`error\` of a job, in the lines of
\`errors-*.jsonl\`, in logs and in messages of the command line. *Retry* says whether the same request may succeed later.
The service shows the same tables at \`/docs\`.
${ERROR_GROUPS.map(errorGroup).join('')}`;
}

function errorGroup({ title, about, codes }) {
  const rows = codes.map((code) => {
    const { status, retryable } = new ForebayError(code, '');
    const { cause, fix } = ERROR_ADVICE[code];
    return row(`\`${code}\``, cause, fix, status, retryable ? 'yes' : 'no');
  });
  return `
## ${title}

${about}

${table(['code', 'cause', 'fix', 'status', 'retry'], rows)}`;
}

function metricsPage() {
  return `${header('Metrics', 'src/shared/observe/metrics/')}
Every process can be scraped by Prometheus. The API answers \`GET /metrics\` for keys with the scope \`service:read\`
([security](security.md#keys)). A worker answers \`/metrics\` on \`FOREBAY_WORKER_PORT\`, if it is set.
[operations](operations.md#metrics) shows how to set up Prometheus and Grafana.

No label has unbounded values: there are no ids of jobs, blocks or workers. \`model\` is the name of a model, and
\`version\` is the name of its version, or \`none\`. \`route\` is the path of an endpoint, such as \`/v1/jobs/{id}\`, or
\`none\` for a path that no endpoint has. A histogram \`x\` has the series \`x_bucket\`, \`x_sum\` and \`x_count\`. Each
process also has the usual metrics of its own process, which begin with \`process_\` and \`nodejs_\`.
${Object.entries(METRIC_TABLES).map(metricGroup).join('')}`;
}

function metricGroup([title, metrics]) {
  const rows = Object.entries(metrics).map(([name, { type, labels, help }]) =>
    row(`\`${name}\``, type, labels.map((label) => `\`${label}\``).join(', ') || '-', help),
  );
  return `
## ${title}

${table(['metric', 'type', 'labels', 'what it is'], rows)}`;
}

function header(title, source) {
  return `# ${title}

<!-- Generated from ${source} by \`npm run docs\`. Edit the texts there. -->
`;
}

function table(titles, rows) {
  return `${row(...titles)}|${'---|'.repeat(titles.length)}\n${rows.join('')}`;
}

function row(...cells) {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', String.raw`\|`)).join(' | ')} |\n`;
}
