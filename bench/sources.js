/**
 * Compares jobs over the same photos from archives and tables with a job over a folder. One service runs all of them, in
 * turns.
 */
import { measureJob } from './endtoend/measure-job.js';
import { inTurns } from './harness/in-turns.js';
import { modelFolder } from './harness/model-folder.js';
import { photoSources } from './harness/photo-sources.js';
import { inScratch } from './harness/scratch.js';
import { startService } from './harness/service.js';
import { geometricRatio, median, pairedRatio } from './harness/statistics.js';
import { photos } from './harness/workloads.js';
import { totalOf } from './online/run-clients.js';

export const name = 'sources';
export const title = 'Photos from archives and tables, against a folder';
export const proves =
  'That photos from tar, zip, Parquet and JSONL with base64 are answered at 0.95 of the rate of a folder.';
/** `--seconds` has no effect. `--rows`: photos per job. */
export const defaults = { runs: 4, seconds: 1, quick: { runs: 1, seconds: 1 } };

const MODEL = 'mobilenetv2';
const ROWS = 1_200;
const QUICK_ROWS = 200;
const LABELS = {
  folder: 'folder',
  tar: 'tar',
  zip: 'zip',
  parquet: 'Parquet, a column of bytes',
  jsonl: 'JSONL with base64',
};

export async function run({ log, runs, quick, rows: asked }) {
  const count = asked ?? (quick ? QUICK_ROWS : ROWS);
  return inScratch(async (scratch) => {
    const inputs = photoSources(scratch, photos(count));
    const service = await startService({ models: [modelFolder(MODEL)], inputs: [scratch] });
    const jobOf = async (input) => measureJob(service, { model: MODEL, input });
    try {
      for (const input of Object.values(inputs)) await jobOf(input);
      const turns = await inTurns({
        runs,
        log,
        show: (one) => `${one.rate.toFixed(0)} rows/s`,
        variants: Object.fromEntries(
          Object.entries(inputs).map(([source, input]) => [source, async () => jobOf(input)]),
        ),
      });
      return {
        rows: Object.keys(turns).flatMap((source) => rowsOf(source, turns)),
        notes: notesOf(turns, count),
        data: { turns, count },
      };
    } finally {
      await service.stop();
    }
  });
}

function rowsOf(source, turns) {
  const all = turns[source];
  const what = LABELS[source];
  const rates = [all, turns.folder].map((jobs) => jobs.map(({ rate }) => rate));
  const shown = [
    { metric: `${what}: rows per second`, value: median(rates[0]), unit: 'rows/s' },
    { metric: `${what}: CPU per row, all processes`, value: median(all.map(cpuOf)), unit: 'ms' },
    {
      metric: `${what}: CPU per row, worker`,
      value: median(all.map(({ cpuMsPerRow }) => cpuMsPerRow.worker)),
      unit: 'ms',
    },
  ];
  if (source === 'folder') return shown;
  return [
    {
      metric: `${what} / folder`,
      value: null,
      unit: '',
      ratio: pairedRatio(...rates).median,
      interval: geometricRatio(...rates).interval,
      target: '>= 0.95',
    },
    ...shown,
  ];
}

const cpuOf = ({ cpuMsPerRow }) => totalOf(cpuMsPerRow);

function notesOf(turns, count) {
  const others = median(
    Object.values(turns)
      .flat()
      .map((one) => one.others),
  );
  return [
    `${count} photos per job, MobileNetV2`,
    `other programs took ${(others * 100).toFixed(0)} % of the cores meanwhile`,
  ];
}
