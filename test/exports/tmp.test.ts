import { test } from 'vitest';
import { useMember } from '../conformance/suite.ts';
import { ExportsFixture } from './suite.ts';
const fixture = useMember(new ExportsFixture()) as ExportsFixture;
test('x', async () => {
  const cluster = await fixture.cluster('provider');
  try { await fixture.offer(cluster, 'first', []); } catch (e) { console.log(String(e)); }
  console.log(fixture.server.errors.join('\n'));
});
