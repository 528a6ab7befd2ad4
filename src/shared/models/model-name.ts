/** Names of models that come from files and folders. Pure. */

/** Makes a model name from a file name: lower case, with "-" in place of forbidden characters. */
export function modelNameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
  return name === '' ? 'model' : name;
}
