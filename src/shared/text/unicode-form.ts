/**
 * Unicode normal forms of names. macOS often stores é as e and an accent (NFD), other systems as one character (NFC).
 * The names look the same, but most file systems treat them as different names.
 */

export type UnicodeForm = 'NFC' | 'NFD';
const FORMS: readonly UnicodeForm[] = ['NFC', 'NFD'];

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** The form of a text. Null if it is in both forms, as ASCII is, or mixes them. */
export function unicodeForm(text: string): UnicodeForm | null {
  if (!BEYOND_ASCII.test(text)) return null;
  const forms = FORMS.filter((form) => text.normalize(form) === text);
  return forms.length === 1 ? forms[0]! : null;
}

/**
 * For a path that does not exist as written: the form in which it exists, or null. It tries the whole path, and the last
 * name alone.
 */
export function existingForm(path: string, exists: (path: string) => boolean): UnicodeForm | null {
  if (!BEYOND_ASCII.test(path)) return null;
  const slash = path.lastIndexOf('/') + 1;
  const [folder, name] = [path.slice(0, slash), path.slice(slash)];
  const found = FORMS.find((form) =>
    [path.normalize(form), folder + name.normalize(form)].some((other) => other !== path && exists(other)),
  );
  return found ?? null;
}

/** A clause for the error about a path that does not exist. */
export function formHint(form: UnicodeForm): string {
  return `the same name exists in another Unicode normal form (${form}), so write the name as it is stored`;
}
