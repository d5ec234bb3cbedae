import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT_CLUSTER } from '../../src/base/mod.ts';
import { ControllerClient, type Place } from '../../src/controllers/client.ts';
import { builtinDefinition } from '../../src/definitions/mod.ts';
import { objectOf } from '../../src/machinery/mod.ts';
import { Client, type KubeObject } from '../http/client.ts';
import { type InProcessServer, startInProcess } from '../support/in-process.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const NAMES = ['plain', 'druid-0', 'fluid', 'guide'];

let server: InProcessServer;
let client: Client;
let changes: ControllerClient;

beforeAll(async () => {
  server = await startInProcess();
  client = new Client(server);
  changes = new ControllerClient(server.api, { name: 'test', signal: new AbortController().signal });
});

afterAll(async () => {
  client?.close();
  await server?.stop();
});

describe.each(NAMES)('a change by a controller of an object named %s', (name) => {
  it('fails when somebody else was quicker', async () => {
    const { uid, resourceVersion } = (await make(name)).metadata;
    await client.patch(`${CONFIG_MAPS}/${name}`, { data: { by: 'somebody else' } });
    const metadata = objectOf({ uid, resourceVersion, ownerReferences: null });
    await expect(changes.mergePatch(place(name), objectOf({ metadata }))).rejects.toMatchObject({
      code: 409,
    });
    const removal = { uid, resourceVersion };
    await expect(changes.remove(place(name), removal)).rejects.toMatchObject({ code: 409 });
  });

  it('lets a namesake alone', async () => {
    await make(name);
    const metadata = objectOf({ uid: 'another', ownerReferences: null });
    await changes.mergePatch(place(name), objectOf({ metadata, data: objectOf({ by: 'mistake' }) }));
    await changes.remove(place(name), { uid: 'another' });
    expect((await client.get(`${CONFIG_MAPS}/${name}`))['data']).toBeUndefined();
  });

  it('is nothing when the object is gone', async () => {
    await make(name);
    await client.delete(`${CONFIG_MAPS}/${name}`);
    await changes.mergePatch(place(name), objectOf({ metadata: objectOf({ uid: 'another' }) }));
    await changes.mergePatch(place(name), objectOf({ data: objectOf({}) }));
    await changes.remove(place(name), { uid: 'another' });
  });
});

async function make(name: string): Promise<KubeObject> {
  await client.call(`${CONFIG_MAPS}/${name}`, { method: 'DELETE' });
  return client.create(CONFIG_MAPS, { metadata: { name } });
}

function place(name: string): Place {
  return {
    definition: builtinDefinition('', 'configmaps')!,
    cluster: ROOT_CLUSTER,
    namespace: 'default',
    name,
  };
}
