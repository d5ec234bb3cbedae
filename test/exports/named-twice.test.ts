import { expect, test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import { APIS, ExportsFixture, SCHEMAS, schemaName, schemaOf, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;
const LEGACY = 'apis/apis.kcp.io/v1alpha1';
const NEXT = { ...WIDGETS, prefix: 'v2' };

/** In a list with keys, two entries with one key are one too many; so are two equal ones in a set. */
test.each([
  ['v1alpha2', 'two schemas', APIS, [WIDGETS, NEXT], 'spec.resources[1]'],
  ['v1alpha2', 'one schema', APIS, [WIDGETS, WIDGETS], 'spec.resources[1]'],
  ['v1alpha1', 'two schemas', LEGACY, [WIDGETS, NEXT], 'spec.latestResourceSchemas[1]'],
  ['v1alpha1', 'one schema', LEGACY, [WIDGETS, WIDGETS], 'spec.latestResourceSchemas[1]'],
] as const)(
  'an APIExport of %s with %s of one resource is refused',
  async (version, _what, base, sources, field) => {
    // What the form of v1alpha1 does not say is not a matter of its form.
    const code = version === 'v1alpha1' && sources[1] !== sources[0] ? 403 : 422;
    const provider = await fixture.cluster('provider');
    for (const source of [WIDGETS, NEXT])
      await fixture.client.create(`/clusters/${provider}/${SCHEMAS}`, schemaOf(source));
    const spec =
      version === 'v1alpha1'
        ? { latestResourceSchemas: sources.map(schemaName) }
        : {
            resources: sources.map((source) => ({
              name: source.plural,
              group: source.group,
              schema: schemaName(source),
              storage: { crd: {} },
            })),
          };
    const path = `/clusters/${provider}/${base}/apiexports`;
    const body = { apiVersion: `apis.kcp.io/${version}`, kind: 'APIExport', metadata: { name: 'w' }, spec };
    const refused = await fixture.client.refuse(code, path, { method: 'POST', body });
    expect(refused.message).toContain(`${field}: Duplicate value`);
    // Nor does it become so.
    const one = version === 'v1alpha1' ? 'latestResourceSchemas' : 'resources';
    const first = (spec as unknown as Record<string, readonly unknown[]>)[one]!.slice(0, 1);
    const stored = await fixture.client.create(path, { ...body, spec: { [one]: first } });
    const update = { ...stored, spec: { ...(stored['spec'] as object), ...spec } };
    const again = await fixture.client.refuse(code, `${path}/w`, { method: 'PUT', body: update });
    expect(again.message).toContain(`${field}: Duplicate value`);
  },
);
