// Settings from the environment: units, defaults, and the handling of wrong and unknown variables.
import { describe, expect, it } from 'vitest';
import { readConfig } from '#forebay/shared/config/config.js';
import { flagName } from '#forebay/shared/config/setting.js';
import { SETTINGS } from '#forebay/shared/config/setting-groups.js';

const read = (env: NodeJS.ProcessEnv) => readConfig(env, '/work');

describe('the configuration', () => {
  it('has bytes, milliseconds and pixels, whatever unit the variable has', () => {
    expect(
      read({
        FOREBAY_MAX_FILE_MB: '2',
        FOREBAY_FETCH_TIMEOUT_S: '3',
        FOREBAY_MAX_MEGAPIXELS: '4',
        FOREBAY_WEBHOOK_PAUSE_S: '0.5',
        FOREBAY_QUOTA_STORED_MB: '1',
      }),
    ).toMatchObject({
      maxFileBytes: 2 * 1024 ** 2,
      fetchTimeoutMs: 3000,
      maxPixels: 4_000_000,
      webhooks: { firstPauseMs: 500 },
      quotas: { bytes: 1024 ** 2 },
    });
  });

  it('has absolute folders, and lists without blanks', () => {
    expect(
      read({ FOREBAY_INPUT_ROOTS: 'a: /b :', FOREBAY_MODELS: ' x,,y ', FOREBAY_DATA_DIR: 'd' }),
    ).toMatchObject({
      inputRoots: ['/work/a', '/b'],
      models: ['x', 'y'],
      outputRoots: ['/work/d/results'],
      modelsDirs: ['/work/models'],
    });
  });

  it('has a folder for large bodies only if one is named', () => {
    const folderOf = (value?: string) => read({ FOREBAY_ONLINE_DIR: value }).onlineDir;
    expect([undefined, '', 'off', 'bodies'].map(folderOf)).toEqual([
      undefined,
      undefined,
      undefined,
      '/work/bodies',
    ]);
  });

  it('names every wrong variable at once', () => {
    const wrong = { FOREBAY_PORT: '70000', FOREBAY_LANES: '1.5', FOREBAY_AUTH: 'maybe' };
    expect(() => read(wrong)).toThrow(
      /^Settings are invalid: (?=.*FOREBAY_PORT)(?=.*FOREBAY_LANES).*FOREBAY_AUTH/,
    );
  });

  it('ignores an unknown variable, such as one of an earlier version', () => {
    expect(read({ FOREBAY_SWEEP_S: 'x', FOREBAY_LANE_GROWTH: '0' })).toEqual(read({}));
  });
});

it('no variable and no flag is declared twice', () => {
  const settings = Object.values(SETTINGS);
  const variables = settings.map(({ env }) => env);
  const flags = settings.flatMap(({ flag }) => (flag === undefined ? [] : [flagName(flag)]));
  expect(new Set(variables).size).toBe(variables.length);
  expect(new Set(flags).size).toBe(flags.length);
});
