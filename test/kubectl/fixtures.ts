import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Cluster } from './cluster.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
const FIXTURES = resolve(REPOSITORY, process.env['ANTIPODE_FIXTURES'] ?? '../shared/fixtures');
export const CERT_MANAGER = join(FIXTURES, 'cert-manager');
export const COWBOY = join(FIXTURES, 'wildwest/cowboy.yaml');
export const isAbsent = !existsSync(CERT_MANAGER);
if (isAbsent) console.log(`skipped: the definitions of others: ${FIXTURES} is absent`);

/** The definition of the wild west as a user would write it: kcp's mark says that it was bound, not made. */
export function cowboys(): string {
  const definition = parse(readFileSync(join(FIXTURES, 'wildwest/crd-cowboys.yaml'), 'utf8')) as {
    metadata: { annotations: Record<string, string> };
  };
  delete definition.metadata.annotations['apis.kcp.io/bound-crd'];
  return stringify(definition);
}

export function namesOfDefinitions(): readonly string[] {
  return readdirSync(CERT_MANAGER)
    .map((file) => parse(readFileSync(join(CERT_MANAGER, file), 'utf8')) as { metadata: { name: string } })
    .map(({ metadata }) => metadata.name);
}

export async function waitUntilEstablished(cluster: Cluster): Promise<void> {
  const names = [...namesOfDefinitions(), 'cowboys.wildwest.dev'].map((name) => `crd/${name}`);
  const output = await cluster.ok(['wait', '--for=condition=Established', '--timeout=20s', ...names]);
  expect(output.split('\n')).toHaveLength(names.length);
}
