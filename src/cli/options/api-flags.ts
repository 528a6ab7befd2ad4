/** Options of the commands that call a running service, and the client created from them. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { Client } from '../../client/client.ts';
import { fallbackOf } from '../../shared/config/describe-config.ts';
import { API } from '../../shared/config/groups/api.ts';
import { messageOf } from '../../shared/errors.ts';
import type { CliContext } from '../context.ts';
import { UsageError } from '../exit-codes.ts';
import { FLAGS } from './flags.ts';
import { httpUrl } from './parsers.ts';

export interface ApiFlags {
  readonly url?: string;
  readonly apiKeyFile?: string;
  readonly json?: true;
}

const DEFAULT_URL = `http://${fallbackOf(API.host)}:${fallbackOf(API.port)}`;

export function addApiUrlFlags(command: Command): Command {
  return addKeyFlag(command.addOption(FLAGS.url(`FOREBAY_URL or ${DEFAULT_URL}`))).addOption(FLAGS.json());
}

/** Never takes the key itself: every user of the machine can read command lines. */
export function addKeyFlag(command: Command): Command {
  return command.option(
    '--api-key-file <file>',
    'file with the API key (default: the key in FOREBAY_API_KEY)',
  );
}

/** Creates a client for the service that the flags and the environment name. */
export function connectTo(flags: ApiFlags, context: CliContext): Client {
  return context.connect(apiUrl(flags, context), apiKey(flags, context));
}

/** Undefined if none is given. Throws UsageError for a file that cannot be read or holds no key. */
export function apiKey(
  { apiKeyFile }: Pick<ApiFlags, 'apiKeyFile'>,
  { env, cwd }: Pick<CliContext, 'env' | 'cwd'>,
): string | undefined {
  if (apiKeyFile === undefined) return env['FOREBAY_API_KEY']?.trim() || undefined;
  let text: string;
  try {
    text = readFileSync(resolve(cwd, apiKeyFile), 'utf8').trim();
  } catch (error) {
    throw new UsageError(`--api-key-file cannot be read: ${messageOf(error)}`);
  }
  if (/^\S+$/.test(text)) return text;
  throw new UsageError(`--api-key-file ${apiKeyFile} must contain only a key`);
}

/** The base URL of the service. Throws UsageError for an invalid FOREBAY_URL. */
export function apiUrl(flags: ApiFlags, context: Pick<CliContext, 'env'>): string {
  if (flags.url !== undefined) return flags.url;
  try {
    return httpUrl(context.env['FOREBAY_URL'] || DEFAULT_URL);
  } catch (error) {
    // commander reports invalid values only for flags, not for environment variables.
    throw new UsageError(`FOREBAY_URL cannot be used: ${messageOf(error)}`);
  }
}

/** Whether the service runs on this machine, so that both see the same paths. */
export function isLocalUrl(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
