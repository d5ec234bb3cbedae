import { describe, expect, it } from 'vitest';
import { parseJson } from '../../machinery/mod.ts';
import { certManagerCrds, hasFixtures } from './crd.suite.ts';
import { decodeCustomResource } from './custom-resource-codec.ts';
import { definitionFromCrd } from './definition-from-crd.ts';

/** The benchmark measures it better (`npm run bench -- --only validation`); this is to notice another order. */
const MEDIAN_MS_MAX = 1;
const COUNT = 500;

describe.skipIf(!hasFixtures)('[fixtures] an object of a kind whose schema takes 300 KB of YAML', () => {
  it('is defaulted, pruned and validated in less than a millisecond', () => {
    const crd = certManagerCrds().find(({ metadata }) => metadata.name === 'issuers.cert-manager.io')!;
    expect(JSON.stringify(crd).length).toBeGreaterThan(140_000);
    const definition = definitionFromCrd(crd);
    const version = definition.versions.find(({ name }) => name === 'v1')!;
    const text = JSON.stringify({
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { name: 'sample' },
      spec: {
        acme: {
          server: 'https://acme.example/directory',
          privateKeySecretRef: { name: 'account' },
          solvers: [{ http01: { gatewayHTTPRoute: { parentRefs: [{ name: 'edge' }] } } }],
        },
      },
    });
    const timesMs: number[] = [];
    for (let round = 0; round < 2 * COUNT; round++) {
      const object = parseJson(text).value as typeof crd;
      const fromMs = performance.now();
      decodeCustomResource(object, version);
      const errors = definition.strategy.validateCreate(object, { subresource: '', now: '' });
      const elapsedMs = performance.now() - fromMs;
      expect(errors).toEqual([]);
      // The first half is the warm-up.
      if (round >= COUNT) timesMs.push(elapsedMs);
    }
    timesMs.sort((a, b) => a - b);
    expect(timesMs[COUNT / 2]).toBeLessThan(MEDIAN_MS_MAX);
  });
});
