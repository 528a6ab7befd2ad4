/** Turns pairs of measured jobs into rows, a chart and notes. */
import { short } from '../harness/format.js';
import { geometricRatio, mean, median } from '../harness/statistics.js';

/** The roles in the order of the table. The launcher counts only in the sum. */
const ROLES = ['api', 'worker', 'lanes', 'redis'];
/** Above this share of the cores, other programs are worth a note. */
const OTHERS_NOTED = 0.05;

/**
 * @param {object} options
 * @param {string} options.label of all rows
 * @param {number} options.rows of a job
 * @param {import('../endtoend/measure-job.js').JobFigures[][]} options.pairs of this side and the other, in order
 * @param {readonly string[]} options.sides what this side and the other are
 */
export function figuresOfPairs({ label, rows, pairs, sides }) {
  const compare = (what, unit, of) => {
    const [mine, theirs] = [0, 1].map((side) => pairs.map((pair) => of(pair[side])));
    const metric = `${label}: ${what} (other ${short(mean(theirs))})`;
    return { metric, value: mean(mine), unit, ...ratioOf(mine, theirs) };
  };
  return {
    label,
    rows: [
      compare('rows per second', 'rows/s', ({ rate }) => rate),
      compare('CPU per row, all processes', 'ms', totalCpu),
      ...ROLES.map((role) => compare(`CPU per row, ${role}`, 'ms', cpuOf(role))),
    ],
    charts: [
      {
        type: 'stacked',
        title: `${label}: CPU per row`,
        unit: 'ms',
        parts: ROLES,
        bars: ['this', 'other'].map((name, side) => ({
          label: name,
          values: ROLES.map((role) => mean(pairs.map((pair) => cpuOf(role)(pair[side])))),
        })),
      },
    ],
    notes: notesOf({ label, rows, pairs, sides }),
    data: { rows, sides, pairs },
  };
}

/** /proc counts CPU in steps of 10 ms. If a role has none in a short job, this falls back to the ratio of the means. */
function ratioOf(mine, theirs) {
  const { mean: ratio, interval } = geometricRatio(mine, theirs);
  if (ratio > 0 && Number.isFinite(ratio)) return { ratio, interval };
  return mean(theirs) > 0 ? { ratio: mean(mine) / mean(theirs) } : {};
}

function notesOf({ label, rows, pairs, sides }) {
  const all = pairs.flat();
  const parts = Math.min(...all.map((one) => one.parts));
  const others = median(all.map((one) => one.others));
  return [
    `${label}: ${pairs.length} pairs of ${rows} rows in ${parts} parts; this is ${sides[0]}, other is ${sides[1]}.`,
    ...(others > OTHERS_NOTED
      ? [`${label}: other programs took ${(others * 100).toFixed(0)} % of the cores meanwhile.`]
      : []),
  ];
}

function totalCpu({ cpuMsPerRow }) {
  return Object.values(cpuMsPerRow).reduce((sum, ms) => sum + ms, 0);
}

function cpuOf(role) {
  return ({ cpuMsPerRow }) => cpuMsPerRow[role] ?? 0;
}
