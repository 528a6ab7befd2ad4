/** Writes a float64 as JSON text that reads back as the same float64. NaN and infinities become strings. */
export function float64Text(value: number): string {
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}
