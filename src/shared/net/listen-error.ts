/** Why a process cannot listen, in words that name the address and how to mend it. Pure. */
import { ForebayError } from '../errors.ts';

/** `setting`: how the user chooses another port. What has no words here is returned as it is. */
export function listenError(
  error: NodeJS.ErrnoException,
  { host, port, setting }: { host: string; port: number; setting: string },
): Error {
  const say = (code: 'address_in_use' | 'config_invalid', message: string) =>
    new ForebayError(code, message, { cause: error });
  switch (error.code ?? '') {
    case 'EADDRINUSE':
      return say(
        'address_in_use',
        `Another program listens on port ${port} of ${host}, perhaps another Forebay: end it ` +
          `(\`lsof -i :${port}\` shows it), or choose another port with ${setting}.`,
      );
    case 'EACCES':
      return say(
        'config_invalid',
        `Port ${port} of ${host} is not open to this user: choose one above 1023 with ${setting}.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return say('config_invalid', `"${host}" is no address of this machine: choose one of its own.`);
    default:
      return error;
  }
}
