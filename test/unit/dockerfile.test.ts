// Checks the instructions of the Dockerfile, because no Docker engine runs in the tests' environment.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeConfig } from '#forebay/shared/config/describe-config.js';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const read = (path: string) =>
  readFileSync(at(path), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n\s*/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => /^(?<name>[A-Z]+) (?<rest>.*)$/.exec(line)?.groups as { name: string; rest: string });
const instructions = read('Dockerfile');
const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
const all = (name: string, stage = last) => stage.filter((i) => i.name === name).map((i) => i.rest);

describe('the Dockerfile', () => {
  it('builds in one stage and ships another on the same base', () => {
    const bases = all('FROM', instructions);
    expect(bases).toHaveLength(2);
    const images = new Set(bases.map((base) => base.split(' ')[0]));
    expect([...images]).toEqual([expect.stringMatching(/^node:\d+-\w+-slim$/)]);
    expect(all('COPY').every((copy) => copy.startsWith('--from=build /app/'))).toBe(true);
  });

  it('runs as an unprivileged user, named by its number', () => {
    expect(all('USER')).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  });

  it('has an init, a role as its command, and a health check, all in exec form', () => {
    const entry = JSON.parse(all('ENTRYPOINT')[0]!) as string[];
    expect([entry[0], entry.at(-1)]).toEqual(['tini', '/app/bin/forebay.js']);
    expect(['api', 'worker']).toContain((JSON.parse(all('CMD')[0]!) as string[])[0]);
    const check = JSON.parse(all('HEALTHCHECK')[0]!.replace(/^.*? CMD /, '')) as string[];
    expect(check.slice(0, 2)).toEqual(['node', '-e']);
    expect(check[2]).toContain('/healthz');
  });

  it('installs the versions of the lock file, without scripts, and ships no development packages', () => {
    const runs = all('RUN', instructions).join('\n');
    expect(runs).toContain('npm ci --ignore-scripts');
    expect(runs).toContain('npm prune --omit=dev');
    expect(runs).toContain('onnxruntime-node/bin/napi-v6');
  });

  it('contains an SBOM of its production packages', () => {
    const bom = 'npm sbom --sbom-format cyclonedx --omit dev';
    expect(all('RUN', instructions).join('\n')).toContain(`${bom} > sbom.cdx.json`);
    expect(all('COPY').join(' ')).toContain('/app/sbom.cdx.json');
    const { scripts } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as { scripts: { sbom: string } };
    expect(scripts.sbom).toBe(bom);
  });

  it('sends no telemetry and sets only settings that exist', () => {
    const env = Object.fromEntries(
      all('ENV').flatMap((line) => line.split(/\s+/).map((pair) => pair.split('=') as [string, string])),
    );
    expect(env).toMatchObject({ ORT_DISABLE_TELEMETRY: '1', ONNXRUNTIME_NODE_INSTALL: 'skip' });
    const known = describeConfig().map((setting) => setting.name);
    const own = Object.keys(env).filter((name) => name.startsWith('FOREBAY_'));
    expect(known).toEqual(expect.arrayContaining(own));
  });

  it('names no host except 127.0.0.1', () => {
    const hosts = instructions.flatMap(({ rest }) =>
      [...rest.matchAll(/\w+:\/\/([\w.-]+)/g)].map((m) => m[1]),
    );
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1']));
  });

  it('copies only files that exist and that .dockerignore allows', () => {
    const allowed = readFileSync(at('.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'));
    const copied = all('COPY', instructions)
      .filter((copy) => !copy.startsWith('--from'))
      .flatMap((copy) => copy.split(' ').slice(0, -1));
    expect(copied.filter((path) => !existsSync(at(path)))).toEqual([]);
    expect(allowed.map((line) => line.slice(1)).sort()).toEqual([...copied].sort());
  });
});

describe('Dockerfile.gpu', () => {
  const gpu = read('Dockerfile.gpu');

  it('adds to the image of all other processes', () => {
    expect(all('FROM', gpu).at(-1)).toBe('${FOREBAY_IMAGE}');
    expect(all('ARG', gpu)).toEqual(['FOREBAY_IMAGE=forebay']);
    expect(all('USER', gpu)).toEqual([]);
  });

  it('puts the provider beside the library of onnxruntime, and of the version that package.json names', () => {
    const target = all('COPY', gpu)[1]!.split(' ').at(-1)!.replace('/app/', '');
    const folder = target.replace('linux/x64', `${process.platform}/${process.arch}`);
    expect(existsSync(at(`${folder}/onnxruntime_binding.node`))).toBe(true);
    const sed = /sed -n '(s\/.*\/p)' package\.json/.exec(all('RUN', gpu).join(' '))![1]!;
    const { dependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    const found = execFileSync('sed', ['-n', sed, fileURLToPath(at('package.json'))], { encoding: 'utf8' });
    expect(found.trim()).toBe(dependencies['onnxruntime-node']);
  });
});
