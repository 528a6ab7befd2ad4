// Checks the compose file without a Docker engine, because none runs in the tests' environment.
import { readdirSync, readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeConfig } from '#forebay/shared/config/describe-config.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

interface Service {
  readonly command: string | string[];
  readonly environment?: Record<string, string | number>;
  readonly ports?: string[];
  readonly volumes: string[];
  readonly stop_grace_period: string;
  readonly [key: string]: unknown;
}

const compose = parse(read('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> };
const service = (name: string): Service => compose.services[name]!;

describe('docker-compose.yml', () => {
  it('fits the schema of the Compose Specification', () => {
    const schema = JSON.parse(read('test/support/compose-schema/compose-spec.json')) as object;
    const validate = new Ajv2020({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
    validate(compose);
    expect(validate.errors).toBeNull();
    validate({ services: { api: { comand: ['api'] } } });
    expect(validate.errors?.length).toBeGreaterThan(0);
  });

  it('sets only settings that exist', () => {
    const known = new Set(describeConfig().map((setting) => setting.name));
    const used = Object.values(compose.services).flatMap((entry) => Object.keys(entry.environment ?? {}));
    expect(used).toContain('REDIS_URL');
    expect(used.filter((name) => !known.has(name))).toEqual([]);
  });

  it('publishes only the API, on loopback', () => {
    const ports = Object.entries(compose.services).map(([name, entry]) => [name, entry.ports ?? []]);
    expect(Object.fromEntries(ports)).toEqual({
      redis: [],
      api: ['127.0.0.1:${FOREBAY_PORT:-8080}:8080'],
      worker: [],
      'worker-gpu': [],
    });
  });

  it('forbids Redis to evict keys and makes it keep an append-only file', () => {
    expect(service('redis').command).toContain('--appendonly yes');
    expect(service('redis').command).toContain('--maxmemory-policy noeviction');
  });

  it('allows several workers, because workers have no fixed name and no port', () => {
    for (const name of ['worker', 'worker-gpu']) {
      expect(service(name)).not.toHaveProperty('container_name');
      expect(service(name)).not.toHaveProperty('ports');
    }
  });

  it('mounts models and input read-only, and one data volume that API and worker share', () => {
    for (const name of ['api', 'worker', 'worker-gpu']) {
      expect(service(name).volumes).toEqual([
        'data:/data',
        expect.stringMatching(/:\/models:ro$/),
        expect.stringMatching(/:\/input:ro$/),
      ]);
    }
  });

  it('mounts the folders that the first job in its header comment needs, unless others are set', () => {
    const [models = '', input = ''] = service('api')
      .volumes.map((volume) => /^\$\{\w+:-(.+?)\}:/.exec(volume)?.[1])
      .filter((folder) => folder !== undefined);
    const tracked = (folder: string) => readdirSync(new URL(`../../${folder}`, import.meta.url));
    const firstJob = /exec api node bin\/forebay\.js submit --model (\S+) --input (\S+) --watch/.exec(
      read('docker-compose.yml'),
    );
    expect(tracked(models)).toContain(firstJob![1]);
    expect(service('api').volumes.some((volume) => volume.endsWith(`:${firstJob![2]}:ro`))).toBe(true);
    expect(tracked(input).filter((name) => name.endsWith('.jpg'))).toHaveLength(20);
    expect(tracked('bin')).toContain('forebay.js');
  });

  it('starts a worker with a GPU only on request', () => {
    expect(service('worker-gpu')).toMatchObject({
      profiles: ['gpu'],
      build: { dockerfile: 'Dockerfile.gpu' },
      command: JSON.parse(/^CMD (.*)$/m.exec(read('Dockerfile.gpu'))![1]!) as string[],
      deploy: { resources: { reservations: { devices: [{ driver: 'nvidia', capabilities: ['gpu'] }] } } },
    });
    expect(service('worker')).not.toHaveProperty('deploy.resources.reservations');
  });

  it.each(['worker', 'worker-gpu'])('gives %s more time to stop than its grace time', (name) => {
    const { stop_grace_period: allowed, environment } = service(name);
    expect(parseInt(allowed, 10)).toBeGreaterThan(Number(environment?.['FOREBAY_SHUTDOWN_GRACE_S']));
  });

  it.each(['redis', 'api', 'worker', 'worker-gpu'])('checks, limits and confines %s', (name) => {
    expect(service(name)).toMatchObject({
      healthcheck: expect.objectContaining({ interval: expect.any(String) as string }) as object,
      deploy: {
        resources: {
          limits: { cpus: expect.any(String) as string, memory: expect.any(String) as string },
        },
      },
      stop_grace_period: expect.stringMatching(/^\d+s$/) as string,
      read_only: true,
      security_opt: ['no-new-privileges:true'],
      cap_drop: ['ALL'],
    });
  });
});
