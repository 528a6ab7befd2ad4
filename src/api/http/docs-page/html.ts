/** HTML templates. Every value is escaped, unless it is HTML already. */
import { escapeHtml } from '../../../shared/text/escape-html.ts';

export interface Html {
  readonly html: string;
}

type Part = Html | string | number | null | readonly Part[];

export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return { html: strings.reduce((text, piece, i) => text + toText(parts[i - 1] ?? null) + piece) };
}

function toText(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string' || typeof part === 'number') return escapeHtml(String(part));
  if ('html' in part) return part.html;
  return part.map(toText).join('');
}

/** Formats a sentence in which `backticks` mark code. */
export function prose(text: string): Html {
  return html`${text.split('`').map((piece, i) => (i % 2 === 1 ? html`<code>${piece}</code>` : piece))}`;
}
