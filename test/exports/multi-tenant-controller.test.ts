import { KubeConfig } from '@kubernetes/client-node';
import { expect, onTestFinished, test } from 'vitest';
import { serveConsumers } from '../../docs/guides/multi-tenant-controller.ts';
import { useMember } from '../conformance/suite.ts';
import { ExportsFixture, WIDGETS } from './suite.ts';

const fixture = useMember(new ExportsFixture()) as ExportsFixture;

test('the controller of the guide serves all consumers of an export, and each sees what it says', async () => {
  const provider = await fixture.cluster('provider');
  await fixture.offer(provider, 'widgets', [WIDGETS]);
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    {
      name: 'provider',
      server: `${fixture.server.url}/clusters/${provider}`,
      caData: Buffer.from(fixture.server.ca).toString('base64'),
      skipTLSVerify: false,
    },
    { name: 'admin', token: fixture.server.token },
  );
  const abort = new AbortController();
  const lines: string[] = [];
  const serving = serveConsumers({
    provider: config,
    exportName: 'widgets',
    signal: abort.signal,
    log: (text) => lines.push(text),
  });
  onTestFinished(async () => {
    abort.abort();
    await serving;
  });
  const consumers = [await fixture.cluster('consumer'), await fixture.cluster('consumer')];
  for (const consumer of consumers) {
    await fixture.bind(consumer, 'widgets', { path: provider, name: 'widgets' });
    // The same name in both.
    await fixture.widget(consumer, 'one', { spec: { size: 1 } });
  }
  const phaseOf = async (consumer: string, name: string, phase: string): Promise<void> => {
    await fixture.client.until(
      `${fixture.widgets(consumer)}/${name}`,
      ({ status }) => (status as { phase?: string } | undefined)?.phase === phase,
    );
  };
  for (const consumer of consumers) await phaseOf(consumer, 'one', 'Ready');
  // Somebody who comes later is served as well.
  const late = await fixture.cluster('consumer');
  await fixture.bind(late, 'widgets', { path: provider, name: 'widgets' });
  await fixture.widget(late, 'two', { spec: { size: 0 } });
  await phaseOf(late, 'two', 'Empty');
  expect(lines.filter((line) => line !== 'nobody has bound the export yet')).toEqual([]);
});
