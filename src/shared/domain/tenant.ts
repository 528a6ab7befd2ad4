/** The tenant that a job belongs to. Its name is part of Redis keys and of folder names, so only plain names are allowed. */
import { z } from 'zod';

export const DEFAULT_TENANT = 'default';

/** No dots, slashes or upper case, so that every file system accepts it as one folder name without special meaning. */
export const TENANT = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
    'a tenant is 1 to 63 lower-case letters, digits, "-" and "_", and begins and ends with a letter or digit',
  );
