/**
 * The service's texts in the words of the command line. Messages of the API name fields of a request, endpoints and
 * settings, for its callers are programs; whoever typed a command reads flags and commands. One place translates,
 * from the same tables that the flags are made of. Pure.
 */
import { JOB_OPTION_NAMES } from '../shared/domain/job-options.ts';
import { flagOfSetting, toFlag } from './options/service-flags.ts';

const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/POST \/v1\/jobs\/resume(?: with the output)?/g, 'forebay resume --output DIR'],
  [/GET \/v1\/jobs\b(?!\/)/g, 'forebay jobs'],
  [/GET \/v1\/models\b(?!\/)/g, 'forebay models'],
  [/\bIdempotency-Key\b/g, '--idempotency-key'],
  [/"?\bif_output_exists"?:? "(resume|overwrite)"/g, '--$1'],
  [/\bif_output_exists\b/g, '--resume or --overwrite'],
];

/** Names that are no words of English stand for the option anywhere but in paths; the others only behind `options`. */
const BARE = JOB_OPTION_NAMES.filter((name) => name.includes('_')).join('|');
const OPTION = new RegExp(`(?<![-\\w/.])(?:/?options[./](${JOB_OPTION_NAMES.join('|')})|(${BARE}))\\b`, 'g');
/** A setting, and a flag in brackets that says the same. */
const SETTING = /(--[a-z-]+ )?(\()?\b((?:FOREBAY|REDIS)_[A-Z_]+)\b(\))?(?: \(--[a-z-]+\))?/g;

export function inCliTerms(text: string): string {
  let words = text;
  for (const [api, cli] of COMMANDS) words = words.replaceAll(api, cli);
  words = words.replaceAll(OPTION, (_, named?: string, bare?: string) => toFlag(named ?? bare ?? ''));
  return words.replaceAll(SETTING, flagWithSetting);
}

/** `--max-file-mb (FOREBAY_MAX_FILE_MB)`: a service that runs elsewhere may have no command line. */
function flagWithSetting(found: string, ...[before, open, name, close]: (string | undefined)[]): string {
  const flag = flagOfSetting(name!);
  // Assignments and what has its flag before it are as they should be.
  if (flag === null || before !== undefined) return found;
  return open !== undefined && close !== undefined
    ? `(${flag}, ${name})`
    : `${open ?? ''}${flag} (${name})${close ?? ''}`;
}
