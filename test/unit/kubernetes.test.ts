// Checks the Kubernetes manifests without a cluster: against the schemas of Kubernetes, and against Forebay itself.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { POOL_SCALE } from '#forebay/api/http/wire/scale.js';
import { readConfig } from '#forebay/shared/config/config.js';
import { describeConfig } from '#forebay/shared/config/describe-config.js';
import { forebay } from '../support/forebay-program.ts';
import { KEDA_KINDS } from '../support/kubernetes-schema/keda.ts';

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args: string[];
  readonly envFrom?: { configMapRef: { name: string } }[];
  readonly env?: {
    name: string;
    value?: string;
    valueFrom?: { secretKeyRef: { name: string; key: string } };
  }[];
  readonly ports: { name: string; containerPort: number }[];
  readonly volumeMounts: { name: string; mountPath: string }[];
  readonly [probe: `${string}Probe`]: { httpGet?: { path: string; port: string } } | undefined;
}

interface Resource {
  readonly kind: string;
  readonly metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  readonly data: Record<string, string>;
  readonly spec: {
    readonly selector: Record<string, string> & { matchLabels: Record<string, string> };
    readonly ports: { port: number; targetPort: string }[];
    readonly template: {
      metadata: { labels: Record<string, string> };
      spec: {
        containers: [Container];
        volumes?: { name: string }[];
        terminationGracePeriodSeconds: number;
      };
    };
    readonly volumeClaimTemplates?: { metadata: { name: string } }[];
  };
}

interface ScaledObject {
  readonly metadata: { namespace: string };
  readonly spec: {
    scaleTargetRef: { name: string };
    maxReplicaCount: number;
    triggers: [{ metadata: Record<string, string>; authenticationRef: { name: string } }];
  };
}

const root = new URL('../../deploy/kubernetes/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.yaml'),
);
const manifests = files.filter((name) => basename(name) !== 'kustomization.yaml');
const all = manifests.flatMap((name) => parseAllDocuments(read(name)).map((doc) => doc.toJS() as Resource));
const ofKind = (kind: string) => all.filter((one) => one.kind === kind);
const named = (kind: string, name: string) => ofKind(kind).find(({ metadata }) => metadata.name === name)!;

const workloads = [...ofKind('Deployment'), ...ofKind('StatefulSet')];
const containerOf = ({ spec }: Resource) => spec.template.spec.containers[0];
const own = workloads.filter((one) => containerOf(one).image.startsWith('forebay'));
const envOf = (resource: Resource) => {
  const { envFrom = [], env = [] } = containerOf(resource);
  const maps = envFrom.map(({ configMapRef }) => named('ConfigMap', configMapRef.name).data);
  return Object.assign(
    {},
    ...maps,
    Object.fromEntries(env.map(({ name, value }) => [name, value ?? 'secret'])),
  ) as Record<string, string>;
};

describe('the Kubernetes manifests', () => {
  it('fit the schemas of Kubernetes', () => {
    const schemas = JSON.parse(
      readFileSync(new URL('../support/kubernetes-schema/kubernetes-1.37.json', import.meta.url), 'utf8'),
    ) as { kinds: Record<string, string>; $defs: object };
    const ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'k8s', $defs: schemas.$defs });
    const problems = (one: object, kind: string) => {
      const validate = ajv.getSchema(`k8s${schemas.kinds[kind]!}`)!;
      void validate(one);
      return validate.errors ?? [];
    };
    const core = all.filter(({ kind }) => kind in schemas.kinds);
    const others = all.filter((one) => !core.includes(one));
    expect(others.map(({ kind }) => kind).toSorted()).toEqual(Object.keys(KEDA_KINDS));
    for (const one of others) {
      const { error } = KEDA_KINDS[one.kind as keyof typeof KEDA_KINDS].safeParse(one);
      expect(error?.issues, one.kind).toBeUndefined();
    }
    for (const one of core) expect(problems(one, one.kind), one.metadata.name).toEqual([]);
    const wrong = structuredClone(named('Deployment', 'forebay-api')) as { spec: object };
    Object.assign(wrong.spec, { replcas: 2 });
    expect(problems(wrong, 'Deployment')).not.toEqual([]);
  });

  it('are all named by a kustomization, which names no other file', () => {
    const listed = files
      .filter((name) => basename(name) === 'kustomization.yaml')
      .flatMap((name) =>
        (parse(read(name)) as { resources: string[] }).resources
          .filter((resource) => resource.endsWith('.yaml'))
          .map((resource) => `${dirname(name)}/${resource}`),
      );
    expect(listed.toSorted()).toEqual(manifests.toSorted());
  });

  it.each(workloads.map((one) => [one.metadata.name, one] as const))('hang together in %s', (_, one) => {
    const { template, selector, volumeClaimTemplates = [] } = one.spec;
    expect(selector.matchLabels).toEqual(template.metadata.labels);
    const container = containerOf(one);
    const ports = container.ports.map(({ name }) => name);
    for (const [key, value] of Object.entries(container)) {
      const probe = key.endsWith('Probe') ? (value as Container['livenessProbe']) : undefined;
      if (probe?.httpGet) expect(ports, key).toContain(probe.httpGet.port);
    }
    const volumes = [
      ...(template.spec.volumes ?? []).map(({ name }) => name),
      ...volumeClaimTemplates.map(({ metadata }) => metadata.name),
    ];
    expect(volumes.toSorted()).toEqual(container.volumeMounts.map(({ name }) => name).toSorted());
  });

  it.each(ofKind('Service').map((one) => [one.metadata.name, one] as const))(
    'send %s to one workload, and to a port that it has',
    (_, { spec }) => {
      const behind = workloads.filter(({ spec: { template } }) =>
        Object.entries(spec.selector).every(([key, value]) => template.metadata.labels[key] === value),
      );
      expect(behind).toHaveLength(1);
      const ports = containerOf(behind[0]!).ports.map(({ name }) => name);
      for (const { targetPort } of spec.ports) expect(ports).toContain(targetPort);
    },
  );

  it.each(own.map((one) => [one.metadata.name, one] as const))(
    'start %s with a command, flags and settings that exist',
    async (_, one) => {
      const [command = '', ...args] = containerOf(one).args;
      const { out } = await forebay({ cwd: '/' }, command, '--help');
      for (const flag of args.filter((arg) => arg.startsWith('--'))) expect(out).toContain(`${flag} <`);
      const known = new Set(describeConfig().map(({ name }) => name));
      const env = envOf(one);
      const foreign = Object.keys(env).filter((name) => !known.has(name) && !name.startsWith('AWS_'));
      expect(foreign).toEqual([]);
      const { dataDir, cacheDir, inputRoots, objectRoots, outputRoots, ...config } = readConfig(env, '/');
      // Nothing but the cache, the spool and temporary files is on a disk.
      expect(objectRoots).toHaveLength(1);
      expect([...inputRoots, ...outputRoots]).toEqual([]);
      const mounts = containerOf(one).volumeMounts.map(({ mountPath }) => mountPath);
      expect(mounts).toEqual(expect.arrayContaining([dataDir, cacheDir, '/tmp']));
      const isApi = command === 'api';
      expect(containerOf(one).ports[0]!.containerPort).toBe(isApi ? config.port : config.workerPort);
      expect(isApi ? config.host : config.workerHost).toBe('0.0.0.0');
      const { terminationGracePeriodSeconds } = one.spec.template.spec;
      if (!isApi) expect(terminationGracePeriodSeconds * 1000).toBeGreaterThan(config.shutdownGraceMs + 5000);
    },
  );

  it('read only keys of Secrets that deploy/README.md creates', () => {
    const readme = read('../README.md');
    const secrets = own.flatMap((one) =>
      (containerOf(one).env ?? []).flatMap(({ valueFrom }) => (valueFrom ? [valueFrom.secretKeyRef] : [])),
    );
    for (const { name, key } of secrets) {
      expect(readme).toMatch(new RegExp(`create secret generic ${name} [^]*?--from-literal=${key}=`));
    }
  });

  it('scale each pool by what the API says about it', () => {
    const [scaled] = ofKind('ScaledObject') as unknown as [ScaledObject];
    const [trigger] = scaled.spec.triggers;
    const target = named('Deployment', scaled.spec.scaleTargetRef.name);
    const { hostname, port, pathname } = new URL(trigger.metadata['url']!);
    const service = named('Service', hostname.split('.')[0]!);
    expect(hostname.split('.')[1]).toBe(scaled.metadata.namespace);
    expect(service.spec.ports.map((one) => String(one.port))).toContain(port);
    expect(containerOf(target).args).toEqual(['worker', '--pool', basename(pathname)]);
    expect(dirname(pathname)).toBe('/v1/scale');
    expect(Object.keys(POOL_SCALE.shape)).toContain(trigger.metadata['valueLocation']);
    expect(named('TriggerAuthentication', trigger.authenticationRef.name)).toBeDefined();
    expect(String(scaled.spec.maxReplicaCount)).toBe(envOf(target)['FOREBAY_SCALE_MAX']);
  });
});
