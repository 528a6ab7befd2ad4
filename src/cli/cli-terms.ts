/**
 * Translates messages of the API into the terms of the command line. The API names request fields, endpoints and
 * settings, but users of the command line know flags and commands. Pure.
 */
import { OPTION_NAMES } from '../shared/tasks/requested-options.ts';
import { flagOfSetting, toFlag } from './options/service-flags.ts';

const COMMANDS: readonly (readonly [RegExp, string])[] = [
  [/POST \/v1\/jobs\/resume(?: with the output)?/g, 'forebay resume --output PLACE'],
  [/GET \/v1\/jobs\b(?!\/)/g, 'forebay jobs'],
  [/GET \/v1\/models\b(?!\/)/g, 'forebay models'],
  [/\bIdempotency-Key\b/g, '--idempotency-key'],
  [/"?\bif_output_exists"?:? "(resume|overwrite)"/g, '--$1'],
  [/"(join|select)"/g, '--$1'],
  [/\bif_output_exists\b/g, '--resume or --overwrite'],
];

/** A name with `_` is translated everywhere except in paths. Any other name is translated only after `options`. */
const BARE = OPTION_NAMES.filter((name) => name.includes('_')).join('|');
const OPTION = new RegExp(`(?<![-\\w/.])(?:/?options[./](${OPTION_NAMES.join('|')})|(${BARE}))\\b`, 'g');
/** A setting. Its flag may already be before it, or in parentheses after it. */
const SETTING = /(--[a-z-]+ )?(\()?\b((?:FOREBAY|REDIS)_[A-Z_]+)\b(\))?(?: \(--[a-z-]+\))?/g;

export function inCliTerms(text: string): string {
  let words = text;
  for (const [api, cli] of COMMANDS) words = words.replaceAll(api, cli);
  words = words.replaceAll(OPTION, (_, named?: string, bare?: string) => toFlag(named ?? bare ?? ''));
  return words.replaceAll(SETTING, flagWithSetting);
}

/**
 * Adds the flag: `--max-file-mb (FOREBAY_MAX_FILE_MB)`. Both are named, because a remote service may be set up with
 * variables only.
 */
function flagWithSetting(found: string, ...[before, open, name, close]: (string | undefined)[]): string {
  const flag = flagOfSetting(name!);
  // No flag sets it, or the flag is already before it.
  if (flag === null || before !== undefined) return found;
  return open !== undefined && close !== undefined
    ? `(${flag}, ${name})`
    : `${open ?? ''}${flag} (${name})${close ?? ''}`;
}
