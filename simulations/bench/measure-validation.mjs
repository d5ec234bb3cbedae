import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { closedLoop, errorText } from './closed-loop.mjs';
import { openConnections } from './connection.mjs';
import { withSession } from './session.mjs';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const FIXTURES = resolve(REPOSITORY, process.env.ANTIPODE_FIXTURES ?? '../shared/fixtures');
const FILE = join(FIXTURES, 'cert-manager/cert-manager.io_issuers.yaml');
const CRDS_PATH = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const KIND_PATH = '/apis/cert-manager.io/v1/namespaces/issuers/issuers';
const NAME_DIGITS = 9;
const READY_TRIES_MAX = 1_000;
/** Enough for what is compiled late to be compiled. */
const WARM_UP_COUNT = { full: 12_000, quick: 200 };
const COUNT = { full: 2_000, quick: 50 };

/**
 * Objects of a kind whose schema takes 300 KB of YAML: cert-manager's Issuer. First the work by itself, as it is done for a
 * request (unknown fields, defaults, validation), then whole creations.
 *
 * @param {import('./options.mjs').Options} options
 * @returns {Promise<import('./rows.mjs').Row[]>}
 */
export async function measureValidation(options) {
  if (!existsSync(FILE)) {
    console.error(`skipped: validation of a large schema: ${FILE} is absent`);
    return [];
  }
  const { parseYaml } = await built(options, 'machinery');
  const crd = parseYaml(readFileSync(FILE, 'utf8')).value;
  return [await validationRow(options, crd), await creationRow(options, crd)];
}

async function validationRow(options, crd) {
  const { definitionFromCrd, decodeCustomResource } = await built(options, 'definitions');
  const { parseJson } = await built(options, 'machinery');
  const definition = definitionFromCrd(crd);
  const version = definition.versions.find(({ name }) => name === 'v1');
  const context = { subresource: '', now: '2026-01-01T00:00:00Z' };
  const text = issuerText(0);
  const measure = () => {
    const object = parseJson(text).value;
    const fromMs = performance.now();
    decodeCustomResource(object, version);
    const errors = definition.strategy.validateCreate(object, context);
    const elapsedMs = performance.now() - fromMs;
    if (errors.length > 0) throw new Error(`the issuer is invalid: ${JSON.stringify(errors)}`);
    return elapsedMs;
  };
  const pace = options.isQuick ? 'quick' : 'full';
  for (let index = 0; index < WARM_UP_COUNT[pace]; index += 1) measure();
  const timesMs = Array.from({ length: COUNT[pace] }, measure).sort((a, b) => a - b);
  const at = (share) => timesMs[Math.floor(timesMs.length * share)];
  const schemaBytes = readFileSync(FILE).length;
  return {
    name: 'validation of an Issuer, median',
    value: at(0.5),
    unit: 'ms',
    target: { atMost: 1 },
    note: `schema of ${Math.round(schemaBytes / 1024)} KB of YAML, p99 ${at(0.99).toFixed(3)} ms`,
  };
}

function creationRow(options, crd) {
  return withSession(options, 'validation', async ({ endpoint, requests, control }) => {
    await control.exchange(requests.createNamespace('issuers'));
    await control.exchange(requests.post(CRDS_PATH, JSON.stringify(crd)));
    await untilServed(control, requests);
    const [connection] = await openConnections(endpoint, 1);
    const result = await closedLoop({
      connections: [connection],
      next: (_connection, sequence) => requests.post(KIND_PATH, issuerText(sequence)),
      seconds: options.seconds,
      warmUpSeconds: options.warmUpSeconds,
    });
    connection.close();
    return {
      name: 'durable creates of Issuers, 1 client',
      value: result.perSecond,
      unit: '/s',
      note: [`p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms`, errorText(result)]
        .filter(Boolean)
        .join('; '),
    };
  });
}

async function untilServed(control, requests) {
  for (let tries = 0; tries < READY_TRIES_MAX; tries += 1) {
    try {
      await control.exchange(requests.get(KIND_PATH));
      return;
    } catch {
      await new Promise((done) => setTimeout(done, 5));
    }
  }
  throw new Error('the definition of Issuers is not served');
}

function built(options, folder) {
  return import(pathToFileURL(join(dirname(dirname(options.program)), folder, 'mod.js')).href);
}

function issuerText(index) {
  return JSON.stringify({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { name: `issuer-${String(index).padStart(NAME_DIGITS, '0')}` },
    spec: {
      acme: {
        server: 'https://acme.example/directory',
        email: 'somebody@example.com',
        privateKeySecretRef: { name: 'account' },
        solvers: [
          {
            dns01: { route53: { region: 'eu-central-1', hostedZoneID: 'Z1' } },
            selector: { dnsZones: ['a.example'] },
          },
          { http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'edge' }], labels: { tier: 'front' } } } },
          {
            http01: {
              ingress: {
                ingressClassName: 'nginx',
                podTemplate: {
                  spec: { nodeSelector: { zone: 'a' }, tolerations: [{ key: 'k', operator: 'Exists' }] },
                },
              },
            },
          },
        ],
      },
    },
  });
}
