import { afterAll, beforeAll, beforeEach } from 'vitest';
import { ConversionWebhook, type ConvertedObject, converting } from '../support/conversion-webhook.ts';
import { CRDS, type CustomKind, crdOf, type Fixture, useMember } from './suite.ts';

/** v1 keeps host and port in one text `hostPort`, v2 in two fields. */
export function convert(object: ConvertedObject, apiVersion: string): unknown {
  if (object.apiVersion === apiVersion) throw new Error('it is in that version already');
  const { hostPort, host, port, ...rest } = object as ConvertedObject & Record<string, string | undefined>;
  if (apiVersion.endsWith('/v1')) {
    return { ...rest, apiVersion, ...(host === undefined ? {} : { hostPort: `${host}:${port}` }) };
  }
  const [newHost, newPort] = (hostPort ?? '').split(':');
  return { ...rest, apiVersion, ...(hostPort === undefined ? {} : { host: newHost, port: newPort }) };
}

const text = { type: 'string' };
export const V1 = {
  name: 'v1',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { hostPort: text, kept: { type: 'string', default: 'one' } },
    },
  },
  selectableFields: [{ jsonPath: '.hostPort' }],
  additionalPrinterColumns: [{ name: 'Place', type: 'string', jsonPath: '.hostPort' }],
};
export const V2 = {
  name: 'v2',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { host: text, port: text, kept: text, later: { type: 'string', default: 'two' } },
    },
  },
  selectableFields: [{ jsonPath: '.host' }],
  additionalPrinterColumns: [
    { name: 'Host', type: 'string', jsonPath: '.host' },
    { name: 'Port', type: 'string', jsonPath: '.port' },
  ],
  subresources: { status: {} },
};

export interface Kind {
  readonly group: string;
  readonly crd: string;
  path(version: string, name?: string): string;
  object(version: string, name: string, fields?: Readonly<Record<string, unknown>>): Record<string, unknown>;
}

/** spec.conversion of a CRD. */
export function conversionTo(clientConfig: unknown, conversionReviewVersions = ['v1', 'v1beta1']): unknown {
  return { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions } };
}

/** A member, a webhook that converts `places` for it, and what the webhook was asked. */
export class ConversionFixture {
  readonly member: Fixture;
  #webhook: ConversionWebhook | undefined;

  constructor(member: Fixture) {
    this.member = member;
  }

  get client(): Fixture['client'] {
    return this.member.client;
  }

  get webhook(): ConversionWebhook {
    if (this.#webhook === undefined) throw new Error('the webhook runs inside of tests only');
    return this.#webhook;
  }

  async start(): Promise<void> {
    this.#webhook = await ConversionWebhook.start();
  }

  async stop(): Promise<void> {
    await this.#webhook?.stop();
  }

  /** The webhook converts again, and nobody has asked it anything. */
  reset(): void {
    this.webhook.answer = converting(convert);
    this.forget();
  }

  forget(): void {
    this.webhook.reviews.length = 0;
    this.webhook.urls.length = 0;
  }

  /** The names of the objects in each review. */
  asked(): string[][] {
    return this.webhook.reviews.map(({ request }) => request.objects.map(({ metadata }) => metadata.name));
  }

  /** A kind whose first version is stored, converted by the webhook. */
  async define(
    versions: NonNullable<CustomKind['versions']> = [V1, V2],
    conversion: unknown = conversionTo({
      url: `${this.webhook.origin}/convert`,
      caBundle: this.webhook.caBundle,
    }),
  ): Promise<Kind> {
    const group = `${this.member.name('conv-')}.example.com`;
    const crd = crdOf({ group, plural: 'places', kind: 'Place', versions });
    (crd['spec'] as Record<string, unknown>)['conversion'] = conversion;
    await this.client.create(CRDS, crd);
    const kind: Kind = {
      group,
      crd: `${CRDS}/places.${group}`,
      path: (version, name) =>
        `/apis/${group}/${version}/namespaces/default/places${name === undefined ? '' : `/${name}`}`,
      object: (version, name, fields = {}) => ({
        apiVersion: `${group}/${version}`,
        kind: 'Place',
        metadata: { name },
        ...fields,
      }),
    };
    await this.client.until(kind.path(versions[0]!.name), (_list, status) => status === 200);
    this.forget();
    return kind;
  }
}

/** Starts a member and a webhook before the tests of the file, and stops them after them. */
export function useConversions(): ConversionFixture {
  const fixture = new ConversionFixture(useMember());
  beforeAll(() => fixture.start());
  afterAll(() => fixture.stop());
  beforeEach(() => fixture.reset());
  return fixture;
}
