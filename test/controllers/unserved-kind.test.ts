import { expect, it, onTestFinished } from 'vitest';
import { Client } from '../http/client.ts';
import { startInProcess } from '../support/in-process.ts';
import { conditionOf, DEFINITIONS, widgetDefinition } from './family.ts';

const GROUP = 'unserved.example.com';
const DEFINITION = `${DEFINITIONS}/widgets.${GROUP}`;

it.each(['CRD', 'namespace'])(
  'deletes a %s whose objects are in a version that is not served',
  async (what) => {
    const server = await startInProcess();
    onTestFinished(() => server.stop());
    const client = new Client(server);
    onTestFinished(() => client.close());
    const definition = widgetDefinition(GROUP, 'Namespaced') as {
      spec: { versions: [Record<string, unknown>] };
    };
    await client.create(DEFINITIONS, definition);
    await client.until(DEFINITION, (crd) => conditionOf(crd, 'Established')?.['status'] === 'True');
    await client.create('/api/v1/namespaces', { metadata: { name: 'full' } });
    const widgets = `/apis/${GROUP}/v1/namespaces/full/widgets`;
    const widget = { apiVersion: `${GROUP}/v1`, kind: 'Widget', metadata: { name: 'hidden' } };
    await client.create(widgets, widget);
    const [version] = definition.spec.versions;
    await client.patch(DEFINITION, { spec: { versions: [{ ...version, served: false }] } });
    expect((await client.call(widgets)).status).toBe(404);
    const path = what === 'CRD' ? DEFINITION : '/api/v1/namespaces/full';
    await client.call(path, { method: 'DELETE' });
    await client.untilGone(path);
    expect(server.errors).toEqual([]);
  },
);
