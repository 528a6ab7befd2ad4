/**
 * Measures what telemetry costs on the job with the most rows per second. Both services of a comparison run at once, each
 * with its own Redis, and their jobs take turns.
 */
import { figuresOfPairs } from './compare/figures.js';
import { measurePairs } from './compare/measure-pairs.js';
import { freePort } from './harness/free-port.js';
import { root } from './harness/places.js';
import { inScratch } from './harness/scratch.js';
import { SUBJECTS } from './harness/subjects.js';
import { startCollector } from './telemetry/collector.js';
import { scrapeOften } from './telemetry/scrape.js';
import { silentBuild } from './telemetry/silent-build.js';

export const name = 'telemetry';
export const title = 'The cost of metrics, events and traces';
export const proves =
  'That metrics and events cost at most 2 % of the rows per second of digits, and traces at most 5 %.';
export const defaults = { runs: 20, seconds: 10, quick: { runs: 2, seconds: 3 } };

const SUBJECT = SUBJECTS['digits-small'];

export async function run({ log, runs, seconds, way = 'turns' }) {
  const measure = async (label, more) =>
    measurePairs({ way, subject: SUBJECT, runs, seconds, log: (text) => log(`${label}, ${text}`), ...more });
  const found = [await metricsAndEvents(measure), await traces(measure)];
  return {
    rows: found.flatMap(({ figures, least, most }) => {
      const [rate, cpu, ...roles] = figures.rows;
      return [{ ...rate, target: `>= ${least}` }, { ...cpu, target: `<= ${most}` }, ...roles];
    }),
    charts: found.flatMap(({ figures }) => figures.charts),
    notes: [
      "Ratios are with / without: geometric mean of the pairs, and 95 % interval by Student's t.",
      ...found.flatMap(({ figures, note }) => [...figures.notes, note]),
    ],
    data: Object.fromEntries(found.map(({ figures }) => [figures.label, figures.data])),
  };
}

/** With a port of the worker, metrics are counted, and both processes are scraped. */
async function metricsAndEvents(measure) {
  return inScratch(async (folder) => {
    const port = String(await freePort());
    const worker = `http://127.0.0.1:${port}`;
    let processes = [];
    const scraping = scrapeOften(() => processes);
    const measured = await measure('metrics and events', {
      sides: [{ checkout: root, env: { FOREBAY_WORKER_PORT: port } }, { checkout: silentBuild(folder) }],
      onStart: ([scraped]) => (processes = [scraped.url, worker]),
    }).finally(scraping.stop);
    const { scrapes, bytes } = scraping.seen;
    if (scrapes === 0) throw new Error('no process of the service could be scraped');
    return {
      figures: figuresOfPairs({
        label: 'metrics and events',
        sides: [
          'this build, scraped',
          'this build without subscribers of events and without metrics of processes',
        ],
        ...measured,
      }),
      least: 0.98,
      most: 1.02,
      note: `metrics and events: ${scrapes} scrapes, ${Math.round(bytes / scrapes / 1000)} kB each.`,
    };
  });
}

async function traces(measure) {
  const collector = await startCollector();
  const sides = [{ checkout: root, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url } }, { checkout: root }];
  const measured = await measure('traces', { sides }).finally(collector.stop);
  const { requests, bytes } = collector.seen;
  if (requests === 0) throw new Error('the collector has received nothing');
  return {
    figures: figuresOfPairs({
      label: 'traces',
      sides: ['this build with a collector of traces', 'this build without one'],
      ...measured,
    }),
    least: 0.95,
    most: 1.05,
    note: `traces: the collector received ${requests} requests, ${(bytes / 1e6).toFixed(1)} MB.`,
  };
}
