import { describe, expect, test } from 'vitest';
import { type Cluster, describeKubectl, manifest } from './cluster.ts';
import {
  CERT_MANAGER,
  COWBOY,
  cowboys,
  isAbsent,
  namesOfDefinitions,
  waitUntilEstablished,
} from './fixtures.ts';

const CERTIFICATE = {
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    secretName: 'web-tls',
    duration: '2160h',
    dnsNames: ['example.com'],
    privateKey: { algorithm: 'ECDSA', size: 256 },
    issuerRef: { name: 'ca', kind: 'Issuer' },
  },
};

async function useCertificates(cluster: Cluster, verb: 'apply' | 'create'): Promise<void> {
  const write = (object: unknown) => cluster.run(`${verb} -f -`, { input: manifest(object) });
  expect((await write(CERTIFICATE)).stdout).toBe('certificate.cert-manager.io/web created\n');
  expect(await cluster.ok('get certificates')).toMatch(/^NAME +READY +SECRET +AGE\nweb +web-tls +\d+s$/);
  const { spec, ...rest } = CERTIFICATE;
  const metadata = { ...CERTIFICATE.metadata, name: 'bad' };
  const size = await write({ ...rest, metadata, spec: { ...spec, secretName: 7 } });
  expect(size.code).toBe(1);
  expect(size.stderr).toContain(
    'The Certificate "bad" is invalid: spec.secretName: Invalid value: "integer": spec.secretName in body must be of type string: "integer"',
  );
  const path = '/apis/cert-manager.io/v1/namespaces/default/certificates';
  const status = await cluster.client.refuse(422, path, {
    method: 'POST',
    body: { ...rest, metadata, spec: { ...spec, privateKey: { algorithm: 'Rot13' }, issuerRef: {} } },
  });
  expect(status).toMatchObject({
    reason: 'Invalid',
    details: { name: 'bad', group: 'cert-manager.io', kind: 'Certificate' },
  });
  expect(status.details?.causes?.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['spec.privateKey.algorithm', 'spec.issuerRef.name']),
  );
  expect(status.message).toContain('Certificate.cert-manager.io "bad" is invalid: [');
}

async function useCowboys(cluster: Cluster, verb: 'apply' | 'create'): Promise<void> {
  expect(await cluster.ok(`${verb} -f ${COWBOY}`)).toBe('cowboy.wildwest.dev/john-wayne created');
  const json = await cluster.json('get cowboy john-wayne');
  expect(json).toMatchObject({ kind: 'Cowboy', spec: { intent: 'good' }, metadata: { generation: 1 } });
  expect(await cluster.ok('get cowboys')).toMatch(/^NAME +AGE\njohn-wayne +\d+s$/);
}

describe.skipIf(isAbsent)('[fixtures]', () => {
  describeKubectl('kubectl apply and the definitions of others', (cluster) => {
    test('they are created, and unchanged the second time', async () => {
      const first = await cluster.ok(`apply -f ${CERT_MANAGER}`);
      const names = namesOfDefinitions().map(
        (name) => `customresourcedefinition.apiextensions.k8s.io/${name}`,
      );
      expect(first.split('\n').sort()).toEqual(names.map((name) => `${name} created`).sort());
      expect(await cluster.ok('apply -f -', cowboys())).toMatch(/cowboys\.wildwest\.dev created$/);
      await waitUntilEstablished(cluster);
      const second = await cluster.ok(`apply -f ${CERT_MANAGER}`);
      expect(second.split('\n').sort()).toEqual(names.map((name) => `${name} unchanged`).sort());
      // Its empty status differs from what the server says, so kubectl sends a patch, which changes nothing.
      const version = 'get crd cowboys.wildwest.dev -o jsonpath={.metadata.resourceVersion}';
      const before = await cluster.ok(version);
      expect(await cluster.ok('apply -f -', cowboys())).toMatch(/cowboys\.wildwest\.dev configured$/);
      expect(await cluster.ok(version)).toBe(before);
      const diff = await cluster.run(`diff -f ${CERT_MANAGER}`);
      expect(diff).toEqual({ code: 0, stdout: '', stderr: '' });
    });

    test('a valid certificate is accepted and an invalid one refused by its field', async () => {
      await useCertificates(cluster, 'apply');
      expect(await cluster.ok('apply -f -', manifest(CERTIFICATE))).toBe(
        'certificate.cert-manager.io/web unchanged',
      );
    });

    test('a cowboy is created, and unchanged the second time', async () => {
      await useCowboys(cluster, 'apply');
      expect(await cluster.ok(`apply -f ${COWBOY}`)).toBe('cowboy.wildwest.dev/john-wayne unchanged');
    });

    test('each kind can be explained, listed and found by category', async () => {
      const kinds = namesOfDefinitions().map((name) => name.split('.')[0] ?? '');
      const explained = await Promise.all(kinds.map((kind) => cluster.run(`explain ${kind}.spec`)));
      for (const { code, stderr, stdout } of explained) {
        expect(code, stderr).toBe(0);
        expect(stdout).toMatch(/FIELD: spec /);
      }
      expect(await cluster.ok('explain certificate.spec.privateKey.algorithm')).toMatch(
        /ENUM:\n +RSA\n +ECDSA/,
      );
      expect(await cluster.ok('get cert-manager -o name')).toBe('certificate.cert-manager.io/web');
      const described = await cluster.ok('describe certificate web');
      expect(described).toMatch(/Secret Name: +web-tls/);
    });

    test('deleting a definition deletes its objects', async () => {
      await cluster.ok('delete crd certificates.cert-manager.io --timeout=20s');
      const path = '/apis/cert-manager.io/v1/namespaces/default/certificates';
      await cluster.client.until(path, (_object, status) => status === 404);
    });
  });

  describeKubectl('kubectl create and the definitions of others', (cluster) => {
    test('they are created, once', async () => {
      const output = await cluster.ok(`create -f ${CERT_MANAGER}`);
      expect(output.match(/ created$/gm)).toHaveLength(namesOfDefinitions().length);
      expect(await cluster.ok('create -f -', cowboys())).toMatch(/cowboys\.wildwest\.dev created$/);
      await waitUntilEstablished(cluster);
      expect(await cluster.fail(`create -f ${CERT_MANAGER}`)).toContain(
        'customresourcedefinitions.apiextensions.k8s.io "certificates.cert-manager.io" already exists',
      );
    });

    test('their objects are as good as applied ones', async () => {
      await useCertificates(cluster, 'create');
      await useCowboys(cluster, 'create');
    });
  });
});
