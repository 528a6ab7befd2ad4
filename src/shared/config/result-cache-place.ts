/** The place of the result cache. Jobs must neither read it nor write to it, because it has results of all tenants. */
import { resolve } from 'node:path';
import { ForebayError } from '../errors.ts';
import { isInside } from '../files/is-inside.ts';
import { isObjectUrl, objectFolder } from '../stores/object-url.ts';
import { readPlaces } from './split-roots.ts';

const VARIABLE = 'FOREBAY_RESULT_CACHE';

/**
 * An absolute folder, or a prefix that ends with a slash. `roots`: folders and prefixes of inputs and outputs. Throws
 * ForebayError `config_invalid`.
 */
export function resultCachePlace(
  given: string | undefined,
  {
    cwd,
    dataDir,
    roots,
  }: { readonly cwd: string; readonly dataDir: string; readonly roots: readonly string[] },
): string {
  const [place = resolve(dataDir, 'result-cache')] = readPlaces(
    VARIABLE,
    given === undefined ? [] : [given],
    cwd,
    objectFolder,
  );
  const isFolder = !isObjectUrl(place);
  // Among nested folders, the deepest one decides, and the data folder is closed (see input-folders.ts).
  const isClosed = (root: string) => isFolder && isInside(dataDir, place) && isInside(root, dataDir);
  const holds = (root: string) => (isFolder ? isInside(root, place) : place.startsWith(root));
  const open = roots.find((root) => holds(root) && !isClosed(root));
  if (open === undefined) return place;
  throw new ForebayError(
    'config_invalid',
    `${VARIABLE}: ${place} is below ${open}, where jobs may read or write. Choose a place outside the input and output roots, or in the data folder.`,
  );
}
