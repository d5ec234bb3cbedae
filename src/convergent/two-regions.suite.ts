import { type KubeObject, parseJson, type Schema } from '../machinery/mod.ts';
import { clientIdOf } from './client-id.ts';
import { ConvergentDocument } from './document.ts';
import { createEdit, deleteEdit, restampEdit, updateEdit, type Writer } from './edit.ts';
import { type Materialised, materialise, type ObjectCheck } from './materialise.ts';
import { typeOfSchema } from './random-objects.suite.ts';
import type { ObjectType } from './register-type.ts';
import { type RegisterView, viewRegisters } from './register-view.ts';
import { stampHorizon } from './stamps.ts';

export const START_MS = Date.UTC(2026, 5, 1);
export const PLACE = { logicalCluster: 'c1', group: 'example.io', resource: 'things' };

/** A value as the parser makes it. */
export function kube(value: unknown): KubeObject {
  return parseJson(JSON.stringify(value)).value as KubeObject;
}

/** An object with this spec, and more if need be. */
export function thing(spec: unknown, rest: Readonly<Record<string, unknown>> = {}): KubeObject {
  const { metadata, ...others } = rest as { readonly metadata?: object };
  return kube({
    apiVersion: 'example.io/v1',
    kind: 'Thing',
    metadata: { name: 'one', uid: 'uid-1', generation: 1, ...metadata },
    spec,
    ...others,
  });
}

/** A region with its copy of one object, on a clock that the test moves. */
export class TestRegion {
  readonly name: string;
  readonly member: number;
  readonly type: ObjectType;
  readonly check: ObjectCheck;
  document = ConvergentDocument.create();
  client: number;
  nowMs = START_MS;
  isHome = true;

  constructor(
    name: string,
    schema: Schema,
    options: { readonly check?: ObjectCheck; readonly classes?: Parameters<typeof typeOfSchema>[1] } = {},
  ) {
    this.name = name;
    this.member = [...name].reduce((sum, letter) => sum + letter.charCodeAt(0), 0);
    this.client = clientIdOf({ startMs: START_MS, member: this.member });
    this.type = typeOfSchema(schema, options.classes);
    this.check = options.check ?? (() => true);
  }

  get writer(): Writer {
    return { client: this.client, region: this.name };
  }

  get view(): RegisterView {
    return viewRegisters(this.document.registers(), { horizon: stampHorizon(this.nowMs) });
  }

  get materialised(): Materialised | undefined {
    return materialise(this.view, this.check);
  }

  get object(): KubeObject {
    return this.materialised!.object;
  }

  get spec(): unknown {
    return JSON.parse(JSON.stringify(this.object['spec'] ?? null));
  }

  /** The next write is later than this one. */
  #tick(): { readonly writer: Writer; readonly nowMs: number } {
    this.nowMs += 10;
    return { writer: this.writer, nowMs: this.nowMs };
  }

  create(object: KubeObject): this {
    this.document.write(createEdit({ object, type: this.type, place: PLACE, ...this.#tick() }));
    return this;
  }

  update(object: KubeObject, old?: KubeObject): this {
    const view = this.view;
    const current = this.object;
    const { type, isHome } = this;
    this.document.write(
      updateEdit(view, { type, current, old: old ?? current, object, isHome, ...this.#tick() }),
    );
    return this;
  }

  /** An update of the spec as the write path makes it. */
  updateSpec(spec: unknown): this {
    const { metadata } = this.object;
    const generation = (metadata.generation ?? 0) + 1;
    return this.update({ ...this.object, metadata: { ...metadata, generation }, spec: kube(spec) });
  }

  delete(): this {
    this.document.write(deleteEdit(this.view, { current: this.object, ...this.#tick() }));
    return this;
  }

  restamp(client: number, above: number): this {
    this.document.write(restampEdit(this.view, { client, above, ...this.#tick() }));
    return this;
  }

  hear(...others: readonly TestRegion[]): this {
    for (const other of others) this.document.merge(other.document.encode(), { own: this.client });
    return this;
  }

  /** Another life of the same member. */
  restart(): this {
    this.document = ConvergentDocument.open(this.document.encode());
    this.client = clientIdOf({ startMs: this.nowMs + 1, member: this.member });
    return this;
  }
}

/** Both hear of each other. */
export function meet(one: TestRegion, other: TestRegion): void {
  const bytes = one.document.encode();
  one.hear(other);
  other.document.merge(bytes, { own: other.client });
}
