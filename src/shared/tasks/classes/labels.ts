/** The labels file that a model's config names: one class name per line, or the `id2label` of a Hugging Face config. */
import { readText } from '../../text/read-text.ts';
import type { NamedFile } from '../task-description.ts';
import { id2labelIn, namesOfIds } from './id2label.ts';

/**
 * Every lane holds the labels, and each row's answer carries some of them. The largest public set (ImageNet) has 21,841
 * names of at most 200 characters. A file beyond these limits is not a list of names.
 */
const MAX_LABELS = 1_000_000;
const MAX_LABEL_CHARS = 1_024;
const MAX_LABELS_BYTES = 64 * 1024 * 1024;

/** The labels file of a config, as a list of named files. */
export function labelsFile({ labels }: { readonly labels?: string | undefined }): NamedFile[] {
  if (labels === undefined) return [];
  return [{ field: 'labels', name: labels, maxBytes: MAX_LABELS_BYTES, parse: parseLabels }];
}

/** One name per line, or a Hugging Face config. An empty last line is not a name. `why` is a sentence about "the file". */
export function parseLabels(
  bytes: Buffer,
): { readonly ok: true; readonly names: string[] } | { readonly ok: false; readonly why: string } {
  const reading = readText(bytes);
  if (!reading.ok) return { ok: false, why: `the file ${reading.why}` };
  const id2label = id2labelIn(reading.text);
  const names = id2label === undefined ? linesOf(reading.text) : namesOfIds(Object(id2label) as object);
  if (names === null) {
    return { ok: false, why: 'the file is JSON, but its id2label does not map 0, 1, 2 ... to class names' };
  }
  if (names.length > MAX_LABELS) {
    return { ok: false, why: `the file has ${names.length} names, and the limit is ${MAX_LABELS}` };
  }
  const long = names.findIndex((name) => name.length > MAX_LABEL_CHARS);
  if (long < 0) return { ok: true, names };
  return {
    ok: false,
    why: `name ${long + 1} of the file has ${names[long]!.length} characters; a name has at most ${MAX_LABEL_CHARS}`,
  };
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}
