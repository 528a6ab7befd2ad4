/** Flags of every command that talks to a running service. */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { httpUrl } from './parsers.ts';

export interface ApiFlags {
  readonly url?: string;
  readonly json?: true;
}

const DEFAULT_URL = 'http://127.0.0.1:8080';

export function addApiUrlFlags(command: Command): Command {
  return command
    .option('--url <url>', `the service (default: FOREBAY_URL or ${DEFAULT_URL})`, httpUrl)
    .option('--json', 'output for programs');
}

/** The service's base URL. Throws commander's InvalidArgumentError for a FOREBAY_URL that is none. */
export function apiUrl(flags: ApiFlags, context: Pick<CliContext, 'env'>): string {
  return flags.url ?? httpUrl(context.env['FOREBAY_URL'] || DEFAULT_URL);
}

/** Whether the service runs on this machine, so that paths mean the same to both. */
export function isLocalUrl(url: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(new URL(url).hostname);
}
