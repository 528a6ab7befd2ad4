/** URLs in an output on S3 or Azure. */
import { isFilePath } from '../file-names.ts';
import { errorsName, stagedErrorsName, STAGING_NAME } from '../output-names.ts';

export type ObjectPaths = ReturnType<typeof objectPaths>;

/** `place`: a URL of S3 or Azure that ends in `/`. */
export function objectPaths(place: string) {
  const staging = `${place}${STAGING_NAME}/`;
  const stagingOf = (job: string) => `${staging}${job}/`;
  return {
    place,
    staging,
    stagingOf,
    url: (name: string) => place + name,
    errors: (part: number) => place + errorsName(part),
    /** Holds the upload of the errors, as JSON. */
    stagedErrors: (job: string, part: number, hash: string) => stagingOf(job) + stagedErrorsName(part, hash),
    /** The name of a file of the output, or the path of a compacted one. Null for anything else in a folder. */
    nameOf(url: string): string | null {
      const name = url.slice(place.length);
      return name.includes('/') && !isFilePath(name) ? null : name;
    },
  };
}
