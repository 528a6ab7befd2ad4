/** Takes the white space out of JSON, and leaves everything else as it is written. `text`: valid JSON. */
export function compactJson(text: string): string {
  return text.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
}
