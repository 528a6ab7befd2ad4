/** What a label says about its token: which entity it belongs to, and whether a new one begins or ends with it. Pure. */

export interface Tag {
  /** The label without its prefix. */
  readonly name: string;
  readonly begins: boolean;
  readonly ends: boolean;
}

/**
 * `B-` begins an entity, and `I-` continues it. Some sets of labels have a prefix B, I, E, S, L or U on all labels but
 * the ignored ones. There, E and L end an entity, and S and U mark a whole one. A label without a prefix continues an
 * entity of its name.
 */
export function readTags(labels: readonly string[], ignored: readonly string[]): readonly Tag[] {
  const own = labels.filter((label) => !ignored.includes(label));
  const hasAllPrefixes = own.every((label) => /^[BIESLU]-/.test(label));
  return labels.map((label) => {
    const prefix = (hasAllPrefixes ? /^[BIESLU]-/ : /^[BI]-/).exec(label)?.[0][0] ?? '';
    return {
      name: prefix === '' ? label : label.slice(2),
      begins: 'BSU'.includes(prefix) && prefix !== '',
      ends: 'ESLU'.includes(prefix) && prefix !== '',
    };
  });
}
