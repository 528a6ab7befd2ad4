// Writes docs/settings.md and docs/errors.md from the code that defines settings and errors (npm run docs).
// With --check it writes nothing and fails if a file is out of date.
import { readFileSync, writeFileSync } from 'node:fs';
import { describeConfig } from '../dist/shared/config/describe-config.js';
import { ERROR_ADVICE, ERROR_GROUPS } from '../dist/shared/error-guide/error-guide.js';
import { ForebayError } from '../dist/shared/errors.js';

const PAGES = { 'docs/settings.md': settingsPage(), 'docs/errors.md': errorsPage() };

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
follows links, and ignores \`FOREBAY_MAX_JOBS\`, \`FOREBAY_MODELS\` and \`FOREBAY_HEALTH_PORT\`. The flag of a command
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
