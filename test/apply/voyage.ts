import { expect } from 'vitest';
import type { Fixture } from '../conformance/suite.ts';
import type { KubeObject, ManagedFieldsEntry, Reply, Status } from '../http/client.ts';

const APPLY = 'application/apply-patch+yaml';

/** A kind with every sort of field that ownership tells apart: one namespace and kind per test file. */
export class Voyages {
  readonly group: string;
  readonly #fixture: Fixture;
  #names = 0;

  constructor(fixture: Fixture, group: string) {
    this.#fixture = fixture;
    this.group = group;
  }

  async define(versions: readonly string[] = ['v1', 'v2']): Promise<void> {
    const version = (name: string) => ({
      name,
      subresources: {
        status: {},
        scale: { specReplicasPath: '.spec.days', statusReplicasPath: '.status.days' },
      },
      schema: { openAPIV3Schema: SCHEMA },
    });
    await this.#fixture.define({
      group: this.group,
      plural: 'voyages',
      kind: 'Voyage',
      versions: versions.map(version),
    });
  }

  /** The name of an object that no other test knows. */
  name(): string {
    this.#names += 1;
    return `voyage-${this.#names}`;
  }

  path(name: string, version = 'v1'): string {
    return `/apis/${this.group}/${version}/namespaces/default/voyages/${name}`;
  }

  configuration(name: string, fields: Fields, version = 'v1'): Record<string, unknown> {
    const { metadata, ...rest } = fields;
    return {
      apiVersion: `${this.group}/${version}`,
      kind: 'Voyage',
      metadata: { name, ...metadata },
      ...rest,
    };
  }

  async create(name: string, fields: Fields, manager: string): Promise<KubeObject> {
    const path = this.path('').slice(0, -1);
    return this.#fixture.client.create(`${path}?fieldManager=${manager}`, this.configuration(name, fields));
  }

  /** An apply that must succeed. */
  async apply(name: string, fields: Fields, manager: string, options: Options = {}): Promise<KubeObject> {
    const reply = await this.tryApply(name, fields, manager, options);
    expect([200, 201], reply.text).toContain(reply.status);
    return JSON.parse(reply.text) as KubeObject;
  }

  async refuse(
    code: number,
    name: string,
    fields: Fields,
    manager: string,
    options: Options = {},
  ): Promise<Status> {
    const reply = await this.tryApply(name, fields, manager, options);
    expect(reply.status, reply.text).toBe(code);
    return JSON.parse(reply.text) as Status;
  }

  tryApply(name: string, fields: Fields, manager: string, options: Options = {}): Promise<Reply> {
    const { version = 'v1', query = '', subresource = '', body } = options;
    const path = `${this.path(name, version)}${subresource}?fieldManager=${manager}${query}`;
    return this.#fixture.client.call(path, {
      method: 'PATCH',
      headers: { 'content-type': APPLY },
      body: body ?? this.configuration(name, fields, version),
    });
  }

  /** A merge patch that must succeed. */
  patch(name: string, body: unknown, manager: string, subresource = ''): Promise<KubeObject> {
    return this.#fixture.client.patch(`${this.path(name)}${subresource}?fieldManager=${manager}`, body);
  }
}

export type Fields = Readonly<Record<string, unknown>> & {
  readonly metadata?: Readonly<Record<string, unknown>>;
};

export interface Options {
  readonly version?: string;
  readonly query?: string;
  readonly subresource?: string;
  /** Instead of the configuration. */
  readonly body?: unknown;
}

/** Who owns what, as `manager Operation[/subresource]` to the fields. */
export function ownersOf(object: KubeObject): Record<string, unknown> {
  const entries = (object.metadata.managedFields ?? []).map((entry) => [labelOf(entry), entry.fieldsV1]);
  return Object.fromEntries(entries);
}

function labelOf({ manager, operation, subresource }: ManagedFieldsEntry): string {
  return `${manager} ${operation}${subresource === undefined ? '' : `/${subresource}`}`;
}

const TEXT = { type: 'string' };
const TEXTS = { type: 'array', items: TEXT };

const SCHEMA = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        from: TEXT,
        to: TEXT,
        days: { type: 'integer', default: 80, minimum: 1 },
        note: { type: 'string', nullable: true },
        anything: { 'x-kubernetes-preserve-unknown-fields': true },
        tags: { type: 'object', additionalProperties: TEXT },
        sealed: { type: 'object', additionalProperties: TEXT, 'x-kubernetes-map-type': 'atomic' },
        route: TEXTS,
        crew: { ...TEXTS, 'x-kubernetes-list-type': 'set' },
        stops: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'side'],
          items: {
            type: 'object',
            required: ['port'],
            properties: { port: TEXT, side: { type: 'string', default: 'north' }, days: { type: 'integer' } },
          },
        },
        ship: { type: 'object', properties: { name: TEXT, masts: { type: 'integer', default: 3 } } },
      },
    },
    status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  },
};
