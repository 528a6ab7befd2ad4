/** A text for a message: its first `most` characters, and `...` if there are more. Pure. */
export function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most)}...` : text;
}
