/** Explains why a process cannot listen on its address, and how to fix it. Pure. */
import { ForebayError } from '../errors.ts';

/** `setting`: how the user chooses another port. An unknown error is returned unchanged. */
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
        `Another program, perhaps another Forebay, listens on port ${port} of ${host}. Stop it ` +
          `(\`lsof -i :${port}\` shows it), or choose another port with ${setting}.`,
      );
    case 'EACCES':
      return say(
        'config_invalid',
        `This user may not listen on port ${port} of ${host}. Choose one above 1023 with ${setting}.`,
      );
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return say(
        'config_invalid',
        `"${host}" is not an address of this machine. Choose one of its own addresses.`,
      );
    default:
      return error;
  }
}
