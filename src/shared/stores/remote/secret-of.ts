import { ForebayError } from '../../errors.ts';

/** The value of a variable that FOREBAY_STORES names. Throws ForebayError `access_denied` if it is not set. */
export function secretOf(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new ForebayError(
    'access_denied',
    'a variable that FOREBAY_STORES names for the credentials is not set in this process',
  );
}
