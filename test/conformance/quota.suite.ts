import { type KubeObject, seedNamespace } from '../http/client.ts';
import type { InProcessOptions } from '../support/in-process.ts';
import { Fixture } from './suite.ts';

/** With the controllers that fill new namespaces: what they put there is counted, as conformance wants it. */
export class QuotaFixture extends Fixture {
  protected override get options(): InProcessOptions {
    return { disabledControllers: [] };
  }

  /** A namespace that has what Kubernetes puts into each. */
  async newNamespace(): Promise<{ readonly path: string; readonly quotas: string }> {
    const namespace = await this.namespace();
    await seedNamespace(this.client, namespace);
    const path = `/api/v1/namespaces/${namespace}`;
    return { path, quotas: `${path}/resourcequotas` };
  }

  createQuota(
    quotas: string,
    name: string,
    hard: Readonly<Record<string, string>>,
    annotations?: Readonly<Record<string, string>>,
  ): Promise<KubeObject> {
    return this.client.create(quotas, { metadata: { name, annotations }, spec: { hard } });
  }

  /** Waits until the status says what the spec says. */
  counted(path: string): Promise<KubeObject> {
    return this.client.until(path, (quota, code) => {
      const { spec, status } = quota as { spec?: { hard?: unknown }; status?: { hard?: unknown } };
      return code === 200 && JSON.stringify(spec?.hard) === JSON.stringify(status?.hard);
    });
  }
}

export function usedOf(quota: KubeObject): Readonly<Record<string, string>> {
  return (quota['status'] as { used?: Record<string, string> }).used ?? {};
}
