/** How many tokens of a text remain if the row has too many. Pure. */

/** Of two texts, the longer one is cut first, as Hugging Face's `longest_first` does. `room`: for both together. */
export function keptOfPair(first: number, second: number, room: number): readonly [number, number] {
  if (first + second <= room) return [first, second];
  const [short, long] = first <= second ? [first, second] : [second, first];
  const half = Math.floor(room / 2);
  const [keptShort, keptLong] = short <= half ? [short, room - short] : [half, room - half];
  return first <= second ? [keptShort, Math.min(long, keptLong)] : [Math.min(long, keptLong), keptShort];
}

/** The range of tokens that remains. */
export function keptRange(
  tokens: number,
  kept: number,
  side: 'left' | 'right',
): { readonly from: number; readonly to: number } {
  const left = Math.min(tokens, kept);
  return side === 'right' ? { from: 0, to: left } : { from: tokens - left, to: tokens };
}
