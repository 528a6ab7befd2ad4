/** Whose job it is. A tenant's name is part of Redis keys and of folders, so it is as plain as both need it. */
import { z } from 'zod';

export const DEFAULT_TENANT = 'default';

/** No dot, slash or upper case: one folder name on every file system, and none that means something else. */
export const TENANT = z
  .string()
  .regex(
    /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
    'a tenant is 1 to 63 lower-case letters, digits, "-" and "_", beginning and ending with a letter or digit',
  );
