/** Cuts a text at the added tokens in it, such as [MASK], which no step of a tokenizer changes. */

export interface Section {
  readonly from: number;
  readonly to: number;
  /** Whether it is an added token. */
  readonly added: boolean;
}

/**
 * @huggingface/tokenizers treats section 0 in a special way. So the first section counts even if all of its spaces are
 * stripped.
 */
export function createSectionSplitter(
  added: readonly { readonly content: string; readonly [more: string]: unknown }[],
): (text: string) => Section[] {
  const byContent = new Map(added.map((token) => [token.content, token]));
  const contents = [...byContent.keys()].filter((content) => content !== '');
  if (contents.length === 0) return whole;
  // The longest first, because the first alternative that matches wins.
  const sorted = contents.toSorted((a, b) => b.length - a.length);
  const pattern = new RegExp(sorted.map(escaped).join('|'), 'gu');

  return function split(text) {
    const sections: Section[] = [];
    let at = 0;
    for (const { 0: content, index } of text.matchAll(pattern)) {
      const { lstrip, rstrip } = byContent.get(content)!;
      const end = lstrip === true ? trimmedEnd(text, at, index) : index;
      if (index > at) sections.push({ from: at, to: end, added: false });
      sections.push({ from: index, to: index + content.length, added: true });
      at = index + content.length;
      if (rstrip === true) at = trimmedStart(text, at);
    }
    if (at < text.length) sections.push({ from: at, to: text.length, added: false });
    return sections;
  };
}

function whole(text: string): Section[] {
  return [{ from: 0, to: text.length, added: false }];
}

function trimmedEnd(text: string, from: number, to: number): number {
  return from + text.slice(from, to).trimEnd().length;
}

function trimmedStart(text: string, from: number): number {
  const rest = text.slice(from);
  return from + rest.length - rest.trimStart().length;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}
