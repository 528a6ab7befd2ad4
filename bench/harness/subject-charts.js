/** Charts of figures by subject. */

/**
 * A stacked chart for photos and one for digits. Their rows differ so much in cost that digits would be invisible on a
 * common scale.
 * @param {{ title: string, unit: string, parts: string[],
 *   bars: { subject: import('./subjects.js').Subject, values: number[] }[] }} options
 * @returns {import('./result.js').Stacked[]}
 */
export function stackedByKind({ title, unit, parts, bars }) {
  return ['photos', 'digits']
    .map((kind) => ({
      type: 'stacked',
      title: `${title}, ${kind}`,
      unit,
      parts,
      bars: bars
        .filter(({ subject }) => subject.kind === kind)
        .map(({ subject, values }) => ({ label: subject.title, values })),
    }))
    .filter((chart) => chart.bars.length > 0);
}
