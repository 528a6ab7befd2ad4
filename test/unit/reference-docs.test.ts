// docs/settings.md, docs/errors.md and docs/metrics.md match the code, and the code describes every setting and error.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readConfig } from '#forebay/shared/config/config.js';
import { describeConfig } from '#forebay/shared/config/describe-config.js';
import { ERROR_ADVICE, ERROR_GROUPS } from '#forebay/shared/error-guide/error-guide.js';
import { ERROR_CODES } from '#forebay/shared/errors.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const settings = describeConfig();

describe('the reference documents', () => {
  it('are what npm run docs generates', () => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/docs.js', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

describe('the guide to errors', () => {
  it('has every code in exactly one group', () => {
    expect(ERROR_GROUPS.flatMap(({ codes }) => codes).toSorted()).toEqual([...ERROR_CODES].toSorted());
  });

  it.each(ERROR_CODES)('gives %s a cause and a fix in whole sentences', (code) => {
    const { cause, fix } = ERROR_ADVICE[code];
    for (const text of [cause, fix]) {
      expect(text).toMatch(/^[A-Z`].{14,}\.$/);
      // Backticks come in pairs.
      expect(text.split('`').length % 2).toBe(1);
    }
    expect(cause).not.toBe(fix);
  });

  it('names only settings that exist', () => {
    const known = new Set([...settings.map(({ name }) => name), 'FOREBAY_API_KEY']);
    const named = Object.values(ERROR_ADVICE)
      .flatMap(({ cause, fix }) => [...`${cause} ${fix}`.matchAll(/FOREBAY_\w+/g)])
      .map(([name]) => name);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the description of settings', () => {
  it.each(settings.map((setting) => [setting.name, setting] as const))(
    'explains what %s does and its trade-off',
    (_, setting) => {
      expect(setting.what).toMatch(/^[A-Z].{9,}[^.]$/);
      expect(setting.trade).toMatch(/^[A-Z`].{9,}\.$/);
      expect(setting.fallback).not.toBe('');
    },
  );

  it('has the defaults that the schema applies', () => {
    const config = readConfig({}, '/work');
    const fallbacks = Object.fromEntries(settings.map(({ name, fallback }) => [name, fallback]));
    expect(fallbacks['FOREBAY_PORT']).toBe(String(config.port));
    expect(fallbacks['FOREBAY_LOG_LEVEL']).toBe(config.logLevel);
    expect(fallbacks['FOREBAY_MAX_ROWS']).toBe('no limit');
    expect(config.maxRows).toBeNull();
  });

  it('gives units and ranges', () => {
    const values = Object.fromEntries(settings.map((setting) => [setting.name, setting.values]));
    expect(values['FOREBAY_FETCH_TIMEOUT_S']).toBe('seconds, 1 to 3600');
    expect(values['FOREBAY_MAX_ROWS']).toBe('at least 1');
    expect(values['FOREBAY_AUTH']).toBe('auto, on, off');
  });
});
