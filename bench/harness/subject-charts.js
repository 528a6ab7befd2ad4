/** Draws figures of several subjects. */

/**
 * A stacked chart per kind of rows. Costs differ so much that digits would be invisible on the scale of photos.
 * @param {{ title: string, unit: string, parts: string[],
 *   bars: { subject: import('./subjects.js').Subject, values: number[] }[] }} options
 * @returns {import('./result.js').Stacked[]}
 */
export function stackedByKind({ title, unit, parts, bars }) {
  return [...new Set(bars.map(({ subject }) => subject.kind))].map((kind) => ({
    type: 'stacked',
    title: `${title}, ${kind}`,
    unit,
    parts,
    bars: bars
      .filter(({ subject }) => subject.kind === kind)
      .map(({ subject, values }) => ({ label: subject.title, values })),
  }));
}
