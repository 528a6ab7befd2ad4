// Profiles on disk, and how they are identified.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { describeMachine, fingerprinted } from '#forebay/shared/profiles/machine-fingerprint.js';
import { createProfileStore } from '#forebay/shared/profiles/profile-store.js';
import { PROFILE_VERSION, type Profile } from '#forebay/shared/profiles/profile.js';

const GB = 2 ** 30;
const SETTINGS = { lanes: 2, threads_per_lane: 1, batch_size: 8, decode_threads: 2 };
const machine = describeMachine({ cpus: 2, memoryBytes: 8 * GB });
const profile = (hash: string): Profile => ({
  v: PROFILE_VERSION,
  model: { name: 'm', hash },
  machine,
  settings: SETTINGS,
  rows_per_s: 100,
  formula: { settings: SETTINGS, rows_per_s: 90 },
  measured_at: '2026-11-22T10:15:30.000Z',
  sample: { rows: 10, bytes: 1000 },
  measurements: [],
});

let cacheDir: string;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'profiles-'));
  const dir = cacheDir;
  onTestFinished(() => rmSync(dir, { recursive: true }));
});

describe('the machine', () => {
  it.each([0, 0.01, 0.1, 0.25, 0.49])('has the same fingerprint if the firmware takes %d GB', (taken) => {
    const other = describeMachine({ cpus: 2, memoryBytes: Math.floor((8 - taken) * GB) });
    expect(other.fingerprint).toBe(machine.fingerprint);
  });

  it('is identified by a short hash, and knows the version of the runtime', () => {
    expect(machine.fingerprint).toMatch(/^[0-9a-f]{12}$/);
    expect(machine.onnxruntime).toMatch(/^\d+\.\d+\.\d+$/);
  });

  it('has another fingerprint with other cores, memory, Node or runtime', () => {
    const { fingerprint: _, ...facts } = machine;
    const others = [
      { ...facts, cpus: 4 },
      { ...facts, memory_gb: 4 },
      { ...facts, node: '99' },
      { ...facts, onnxruntime: '9.9.9' },
      { ...facts, cpu: 'another' },
      { ...facts, arch: 'another' },
    ];
    const prints = [facts, ...others].map((one) => fingerprinted(one).fingerprint);
    expect(new Set(prints).size).toBe(7);
  });
});

describe('the profile store', () => {
  it('returns what was written, in a file named by model and machine, and leaves no other file', async () => {
    const store = createProfileStore({ cacheDir });
    const hash = 'ab'.repeat(32);
    const path = await store.write(profile(hash));
    await store.write({ ...profile(hash), rows_per_s: 120 });
    expect(path).toBe(join(cacheDir, 'profiles', `abababababab-${machine.fingerprint}.json`));
    expect(await store.read(hash, machine.fingerprint)).toMatchObject({
      rows_per_s: 120,
      settings: SETTINGS,
    });
    expect(readdirSync(join(cacheDir, 'profiles'))).toHaveLength(1);
  });

  it('has no profile for another model, another machine, or a hash that only starts the same', async () => {
    const store = createProfileStore({ cacheDir });
    const hash = 'ab'.repeat(32);
    await store.write(profile(hash));
    expect(await store.read('cd'.repeat(32), machine.fingerprint)).toBeNull();
    expect(await store.read(hash, '0'.repeat(12))).toBeNull();
    expect(await store.read(`${hash.slice(0, 60)}ffff`, machine.fingerprint)).toBeNull();
  });

  it.each(['', '{', '{"v":0}', '{"v":1,"settings":{"lanes":0}}'])(
    'treats a broken file as absent: %s',
    async (text) => {
      const store = createProfileStore({ cacheDir });
      const path = await store.write(profile('ab'.repeat(32)));
      writeFileSync(path, text);
      expect(await store.read('ab'.repeat(32), machine.fingerprint)).toBeNull();
    },
  );
});
