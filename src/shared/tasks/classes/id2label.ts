/** Class names in the form of Hugging Face's `config.json`: `{ "0": "cat", "1": "dog" }`. Pure. */

/** Null if it does not map 0, 1, 2 ... to names of one line each. */
export function namesOfIds(id2label: object): string[] | null {
  const byId = id2label as Readonly<Record<string, unknown>>;
  const names = Object.keys(byId).map((_, id): unknown => byId[String(id)]);
  const isNames = names.every((name) => typeof name === 'string' && !/[\r\n]/.test(name));
  return names.length > 0 && isNames ? (names as string[]) : null;
}

/**
 * The `id2label` of a text that is such a config, or the `label_names` of a timm model. Null if it has neither. Undefined if
 * the text is not a JSON object.
 */
export function id2labelIn(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const { id2label, label_names } = JSON.parse(text) as { id2label?: unknown; label_names?: unknown };
    return id2label ?? label_names ?? null;
  } catch {
    return undefined;
  }
}
