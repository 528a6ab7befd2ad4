/** The memory of the API over a listing, as figures and as a chart. */
import { growthRow, memoryBetween } from '../harness/memory-growth.js';

/** Shares whose medians are compared. The start is left out, because the heap still grows to its load. */
const BEFORE = [0.1, 0.3];
const AFTER = [0.8, 1];
/** Shorter listings end before the heap has its final size. */
const LONG = 1_000_000;

/**
 * @typedef {{ share: number, mb: { api: number } }} Sample
 * @param {{ keys: number, what: string, samples: readonly Sample[] }} listing
 * @returns {import('../harness/result.js').Row[]}
 */
export function memoryRows({ keys, what, samples }) {
  const at = (percent) =>
    samples.find(({ share }) => share >= percent / 100)?.mb.api ?? samples.at(-1).mb.api;
  return [
    growthRow({
      of: 'the API',
      before: memoryBetween(samples, 'api', ...BEFORE),
      after: memoryBetween(samples, 'api', ...AFTER),
      span: `in ${what}`,
      ...(keys >= LONG && { target: '<= 10' }),
    }),
    { metric: `memory of the API at 10 % of ${what}`, value: at(10), unit: 'MB' },
    { metric: `memory of the API at 100 % of ${what}`, value: samples.at(-1).mb.api, unit: 'MB' },
  ];
}

/**
 * A chart of the API's memory, with one line per listing.
 * @param {readonly { what: string, samples: readonly Sample[] }[]} listings
 */
export function memoryLines(listings) {
  return {
    type: 'lines',
    title: 'Memory of the API while it lists',
    x: { label: '% of keys' },
    y: { label: 'MB', unit: 'MB' },
    series: listings.map(({ what, samples }) => ({
      label: what,
      points: samples.map(({ share, mb }) => [share * 100, mb.api]),
    })),
  };
}
