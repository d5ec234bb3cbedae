import { once } from 'node:events';
import { connect } from 'node:http2';
import { expect, it, onTestFinished } from 'vitest';
import { startInProcess } from '../support/in-process.ts';
import { Client } from './client.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

it('heeds the body of a DELETE over HTTP/2 also without a content type', async () => {
  const server = await startInProcess();
  onTestFinished(() => server.stop());
  const client = new Client(server);
  onTestFinished(() => client.close());
  const session = connect(server.url, { ca: server.ca });
  onTestFinished(() => session.destroy());
  const remove = async (body: string): Promise<number> => {
    const stream = session.request(
      { ':path': `${CONFIG_MAPS}/kept`, ':method': 'DELETE', authorization: `Bearer ${server.token}` },
      { endStream: body === '' },
    );
    if (body !== '') stream.end(body);
    stream.resume();
    const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
    return headers[':status'] ?? 0;
  };
  await client.create(CONFIG_MAPS, { metadata: { name: 'kept' } });
  expect(await remove('{"preconditions":{"uid":"another"}}')).toBe(409);
  expect(await remove('{"dryRun":["All"]}')).toBe(200);
  expect((await client.call(`${CONFIG_MAPS}/kept`)).status).toBe(200);
  expect(await remove('')).toBe(200);
  expect((await client.call(`${CONFIG_MAPS}/kept`)).status).toBe(404);
});
