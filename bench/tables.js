/**
 * Compares a tabular model on the same rows as JSONL, CSV and Parquet with the ceiling, whose rows are lines of JSON in
 * memory. All take turns.
 */
import { measureJob } from './endtoend/measure-job.js';
import { assertSameAnswers } from './endtoend/same-answers.js';
import { inTurns } from './harness/in-turns.js';
import { modelFolder } from './harness/model-folder.js';
import { startService } from './harness/service.js';
import { geometricRatio, median, pairedRatio } from './harness/statistics.js';
import { poolOf, SUBJECTS } from './harness/subjects.js';
import { tableFiles } from './harness/table-files.js';
import { startLanes } from './inprocess/lanes.js';
import { ceilingConfig, describe } from './inprocess/tuned.js';

export const name = 'tables';
export const title = 'A tabular model from JSONL, CSV and Parquet';
export const proves = 'What each format of tables costs, against the ceiling of the same run.';
export const defaults = { runs: 4, seconds: 8, quick: { runs: 1, seconds: 1 } };

const SUBJECT = SUBJECTS.iris;
const LABELS = { jsonl: 'JSONL', csv: 'CSV', parquet: 'Parquet' };
/** Rows of the job whose answers are compared with those of the ceiling. */
const COMPARED = 64;
const TARGETS = {
  csv: { rate: '>= 50000', ratio: '>= 0.7' },
  parquet: { rate: '>= 100000', ratio: '>= 0.7' },
};

export async function run({ log, runs, seconds }) {
  const { chosen, config } = ceilingConfig(SUBJECT);
  const lanes = await startLanes(config, poolOf(SUBJECT));
  try {
    return await compareTables(lanes, { chosen, log, runs, seconds });
  } finally {
    await lanes.stop();
  }
}

async function compareTables(lanes, { chosen, log, runs, seconds }) {
  const { rate } = await lanes.measure(1).then(async () => lanes.measure(Math.min(3, seconds)));
  const count = Math.max(SUBJECT.atLeast, Math.round(rate * seconds));
  const few = tableFiles('tables-few', SUBJECT.rows(COMPARED));
  const files = tableFiles('tables', SUBJECT.rows(count));
  const inputs = [...few.roots, ...files.roots];
  const service = await startService({ models: [modelFolder(SUBJECT.name)], inputs });
  const bodyOf = (input) => ({ model: SUBJECT.name, input });
  try {
    const { client } = service;
    const rows = SUBJECT.rows(COMPARED);
    const formats = Object.entries(files.inputs);
    for (const input of Object.values(few.inputs))
      await assertSameAnswers({ client, lanes, rows, body: bodyOf(input) });
    for (const [, input] of formats)
      await measureJob(service, { ...bodyOf(input), options: { limit: SUBJECT.atLeast } });
    const jobs = formats.map(([format, input]) => [format, async () => measureJob(service, bodyOf(input))]);
    const turns = await inTurns({
      runs,
      log,
      show: (one) => `${one.rate.toFixed(0)} rows/s`,
      variants: { ceiling: async () => lanes.measure(seconds), ...Object.fromEntries(jobs) },
    });
    return {
      rows: rowsOf(turns),
      notes: notesOf({ turns, count, chosen }),
      data: { turns, count, chosen },
    };
  } finally {
    await service.stop();
  }
}

function rowsOf({ ceiling, ...formats }) {
  const found = Object.entries(formats).flatMap(([format, all]) => {
    const ratio = (pick) => {
      const [mine, theirs] = [all.map(pick), ceiling.map(pick)];
      return { ratio: pairedRatio(mine, theirs).median, interval: geometricRatio(mine, theirs).interval };
    };
    const rate = median(all.map((one) => one.rate));
    const { rate: atLeast, ratio: share } = TARGETS[format] ?? {};
    return [
      { metric: `${LABELS[format]}: service`, value: rate, unit: 'rows/s', target: atLeast },
      {
        metric: `${LABELS[format]}: service / ceiling`,
        value: null,
        unit: '',
        ...ratio((one) => one.rate),
        target: share,
      },
      {
        metric: `${LABELS[format]}: CPU per row of all processes`,
        value: median(all.map((one) => sum(Object.values(one.cpuMsPerRow)))) * 1000,
        unit: 'us',
      },
      ...['worker', 'lanes'].map((role) => ({
        metric: `${LABELS[format]}: CPU per row, ${role}`,
        value: median(all.map((one) => one.cpuMsPerRow[role])) * 1000,
        unit: 'us',
      })),
      {
        metric: `${LABELS[format]}: memory of all processes`,
        value: Math.max(...all.map((one) => one.peakRssMb)),
        unit: 'MB',
      },
    ];
  });
  const rate = median(ceiling.map((one) => one.rate));
  return [{ metric: 'ceiling', value: rate, unit: 'rows/s' }, ...found];
}

function notesOf({ turns, count, chosen }) {
  const jobs = Object.keys(LABELS).flatMap((format) => turns[format]);
  const others = median(jobs.map((one) => one.others));
  return [
    `${count} rows per run; ceiling with ${describe(chosen)}`,
    `other programs took ${(others * 100).toFixed(0)} % of the cores meanwhile`,
  ];
}

function sum(numbers) {
  return numbers.reduce((all, one) => all + one, 0);
}
