/**
 * Unicode normal forms of names. macOS often stores é as e and an accent (NFD), where others write one character
 * (NFC): two names to every other file system, although they look the same.
 */

export type UnicodeForm = 'NFC' | 'NFD';
const FORMS: readonly UnicodeForm[] = ['NFC', 'NFD'];

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** The form that a text is in; null where it is in both (plain ASCII is), or in a mixture. */
export function unicodeForm(text: string): UnicodeForm | null {
  if (!BEYOND_ASCII.test(text)) return null;
  const forms = FORMS.filter((form) => text.normalize(form) === text);
  return forms.length === 1 ? forms[0]! : null;
}

/**
 * The form in which a path exists that does not exist as it is written; null where it does in neither. Tried are all of
 * the path and its last name alone.
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

/** A clause for an error about a path that does not exist. */
export function formHint(form: UnicodeForm): string {
  return `there is one of the same name in another Unicode normal form (${form}): write the name as it is stored`;
}
