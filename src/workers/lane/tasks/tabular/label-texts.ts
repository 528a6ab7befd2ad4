/** The JSON text of labels that a graph returns. */

/** Number of texts that are kept. A classifier has few classes, but an output of strings may hold anything. */
const MOST = 10_000;

/** Labels become strings, as names of classes are, whatever type the graph has for them. */
export function createLabelTexts(): (label: string | number | bigint) => string {
  const known = new Map<string | number | bigint, string>();
  return (label) => {
    let text = known.get(label);
    if (text === undefined) {
      text = JSON.stringify(String(label));
      if (known.size < MOST) known.set(label, text);
    }
    return text;
  };
}
