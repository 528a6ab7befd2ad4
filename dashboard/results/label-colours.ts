/** The colour of a label. */
import type { Mark } from './marks.ts';

/** Black text has a contrast of at least 7 to 1 on each, in both schemes. */
const COLOURS = [
  '#ffc400',
  '#00c0ff',
  '#7ddc5a',
  '#ff8ad0',
  '#b9a3ff',
  '#ff8c42',
  '#5ce0c6',
  '#d8e04a',
  '#ff9e9e',
  '#9fc4ff',
] as const;

/** The same for a label in all rows. */
export function colourOf({ index, label }: Pick<Mark, 'index' | 'label'>): string {
  const number = index ?? numberOf(label);
  return COLOURS[Math.abs(Math.trunc(number)) % COLOURS.length] ?? COLOURS[0];
}

function numberOf(label: string): number {
  let number = 0;
  for (let i = 0; i < label.length; i++) number = (number * 31 + label.charCodeAt(i)) % 65_521;
  return number;
}
