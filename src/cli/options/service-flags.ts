/** Options of the commands that start processes. Each is derived from the declaration of the setting that it sets. */
import { Option, type Command } from 'commander';
import { fallbackOf } from '../../shared/config/describe-config.ts';
import { flagName, type Flag, type Setting, type Values } from '../../shared/config/setting.ts';
import { SETTINGS } from '../../shared/config/setting-groups.ts';
import { UsageError } from '../exit-codes.ts';
import { FLAGS } from './flags.ts';
import { several, wholeNumber } from './parsers.ts';

/** The options of a command by attribute name, as commander has parsed them. */
export interface ServiceFlags extends Readonly<Record<string, unknown>> {
  readonly logLevel?: string;
}

type SettingName = keyof typeof SETTINGS;
type FlaggedSetting = Setting<unknown> & { readonly flag: Flag };

const FLAGGED = Object.values<Setting<unknown>>(SETTINGS).filter(
  (setting): setting is FlaggedSetting => setting.flag !== undefined,
);

export function addStorageFlags(command: Command): Command {
  return addFlags(command, ['modelsDirs', 'dataDir', 'inputRoots']);
}

/** Where the models of `--pipeline` are, for a command that starts its own processes. */
export function addModelsFlag(command: Command): Command {
  return addFlags(command, ['modelsDirs']);
}

export function addApiFlags(command: Command): Command {
  return addFlags(command, ['port', 'host', 'auth', 'outputRoots', 'maxJobs', 'queueLimit']);
}

const WORKER_SETTINGS = [
  'lanes',
  'threadsPerLane',
  'decodeThreads',
  'maxInflightBytes',
  'maxFileBytes',
  'maxPixels',
  'fetchAllow',
] as const satisfies readonly SettingName[];

export function addWorkerFlags(command: Command): Command {
  return addFlags(command, WORKER_SETTINGS);
}

/** For a command that starts a service of its own. */
const OWN_SETTINGS = ['modelsDirs', ...WORKER_SETTINGS, 'logLevel'] as const satisfies readonly SettingName[];

export function addOwnServiceFlags(command: Command): Command {
  return addFlags(command.addOption(FLAGS.workers()), OWN_SETTINGS);
}

export function addLogFlag(command: Command): Command {
  return addFlags(command, ['logLevel']);
}

export function addFlags(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.addOption(serviceFlag(name));
  return command;
}

/** The first given flag that applies only to processes that the command itself starts. Null if there is none. */
export function ownProcessFlag(flags: ServiceFlags): string | null {
  if (flags['workers'] !== undefined) return '--workers';
  const given = OWN_SETTINGS.map(serviceFlag).find((option) => flags[option.attributeName()] !== undefined);
  return given?.long ?? null;
}

function serviceFlag(name: SettingName): Option {
  const setting: Setting<unknown> = SETTINGS[name];
  const { flag, values } = setting;
  if (flag === undefined) throw new Error(`${setting.env} has no flag`);
  const option = new Option(flag.usage, helpText({ ...setting, flag }));
  return flag.means === undefined ? withParser(option, values) : option;
}

function helpText(setting: FlaggedSetting): string {
  const { flag, what } = setting;
  const phrase = flag.what ?? what.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase());
  return flag.means === undefined ? `${phrase} (default: ${flag.unset ?? fallbackOf(setting)})` : phrase;
}

function withParser(option: Option, values: Values): Option {
  switch (values.kind) {
    case 'text':
      return option;
    case 'choice':
      return option.choices(values.choices);
    case 'number':
      return option.argParser<number>(wholeNumber(values.min, values.max));
    case 'list':
      return option.argParser<string[]>(several);
  }
}

/** The variables that the given options set. All other variables keep their value from the environment. */
export function toSettings(flags: ServiceFlags): Record<string, string> {
  const given = FLAGGED.flatMap(({ env, flag, values }) => {
    const value = flags[new Option(flag.usage).attributeName()];
    return value === undefined ? [] : [[env, flag.means ?? textOf(value, flag, values)] as const];
  });
  return Object.fromEntries(given);
}

function textOf(value: unknown, flag: Flag, values: Values): string {
  if (values.kind !== 'list') return String(value);
  const parts = value as readonly string[];
  const broken =
    values.separator === ':'
      ? parts.find((part) => part.replace(/^(?:s3|az):\/\//i, '').includes(':'))
      : undefined;
  if (broken !== undefined)
    throw new UsageError(`${flagName(flag)} cannot take a folder with ":" in its path: ${broken}`);
  return parts.join(values.separator);
}

/** `FOREBAY_MAX_FILE_MB` -> `--max-file-mb`. Null if no flag takes the same value. */
export function flagOfSetting(env: string): string | null {
  const found = FLAGGED.find((setting) => setting.env === env && setting.flag.means === undefined);
  return found === undefined ? null : flagName(found.flag);
}

/** `maxFileMb`, `max_file_mb` -> `--max-file-mb`. */
export function toFlag(name: string): string {
  return `--${name
    .replaceAll(/([A-Z])/g, '-$1')
    .replaceAll('_', '-')
    .toLowerCase()}`;
}
