import { deepEqual, isObject, type JsonObject, type JsonValue, type KubeObject } from '../machinery/mod.ts';
import type { ClientId } from './client-id.ts';
import { cutObject, type ListOrder } from './cut.ts';
import { ConvergentError } from './errors.ts';
import { editsIn, encodeIdentity, GENERATION_PATH, IDENTITY_PATH, type Identity } from './identity.ts';
import { pickRegister } from './join.ts';
import { ACKNOWLEDGED_PATH, ACKNOWLEDGEMENT, DELETED_PATH, isDeleted, TOMBSTONE } from './lifetime.ts';
import {
  type Birth,
  compareNames,
  decodeLife,
  encodeLife,
  type NewRegister,
  type Register,
  type Seen,
} from './register.ts';
import { itemPath, lifePath, orderPath, type RegisterPath, ROOT_PATH } from './register-path.ts';
import type { ObjectType } from './register-type.ts';
import { DELETION_PATHS, type RegisterView, type ViewNode, viewRegisters } from './register-view.ts';
import { encodeRestamp, RESTAMP_PREFIX, restampPath } from './restamp.ts';
import { nextStamp, type Stamp } from './stamps.ts';
import { Target } from './target.ts';

/** Who writes. */
export interface Writer {
  readonly client: ClientId;
  readonly region: string;
}

/** What an edit writes: the document takes it as a whole (`ConvergentDocument.write`). */
export interface Edit {
  readonly writer: Writer;
  readonly registers: readonly NewRegister[];
}

interface Moment {
  readonly writer: Writer;
  readonly nowMs: number;
}

/** The first registers of a new object. */
export function createEdit(
  options: Moment & {
    readonly object: KubeObject;
    readonly type: ObjectType;
    readonly place: Pick<Identity, 'logicalCluster' | 'group' | 'resource'>;
  },
): Edit {
  const { object, type, place, writer, nowMs } = options;
  const pen = new Pen(EMPTY_VIEW, { writer, nowMs });
  pen.write(IDENTITY_PATH, encodeIdentity(object, place));
  pen.draw(Target.of(cutObject(object, type)));
  return pen.edit();
}

/**
 * What makes an object out of another: registers for the paths that differ, and for those that are gone. If `old` is what
 * the document says now, `object` is what it says afterwards. If `old` was read somewhere else, or before a merge, only
 * what its reader has changed is written, on top of what others have written since; a change inside of an item of a list
 * that is gone by now is dropped with the item.
 *
 * @param current what the document says now (`materialise`)
 * @param isHome whether this region is home of the object's logical cluster
 * @throws {ConvergentError} `HomeOnly` for a field that other regions must not change, `Deleted`
 */
export function updateEdit(
  view: RegisterView,
  options: Moment & {
    readonly type: ObjectType;
    readonly current: KubeObject;
    readonly old: KubeObject;
    readonly object: KubeObject;
    readonly isHome: boolean;
  },
): Edit {
  const { type, current, old, object, isHome, writer, nowMs } = options;
  refuseDeleted(view);
  const pen = new Pen(view, { writer, nowMs });
  const target = Target.of(cutObject(object, type));
  // What is in another version cannot be compared path by path: the object is written anew.
  if (
    old.apiVersion === object.apiVersion &&
    current.apiVersion === object.apiVersion &&
    !deepEqual(old, current)
  ) {
    target.rebase(cutObject(old, type), cutObject(current, type));
  }
  if (!isHome) refuseHomeOnly(old, object, type);
  pen.draw(target);
  // The write path has counted: what it counts as an edit of the spec is one here.
  if (!pen.isUnused && object.metadata.generation !== old.metadata.generation) {
    pen.write(GENERATION_PATH, editsIn(view, writer.region) + 1);
  }
  return pen.edit();
}

/**
 * The tombstone of an object. It may be written in any region, and beats all edits.
 *
 * @throws {ConvergentError} `FinalizersRemain`, `Deleted`
 */
export function deleteEdit(view: RegisterView, options: Moment & { readonly current: KubeObject }): Edit {
  refuseDeleted(view);
  if ((options.current.metadata.finalizers?.length ?? 0) > 0) {
    throw new ConvergentError(
      'FinalizersRemain',
      'the object still has finalizers, and is deleted when they are gone',
    );
  }
  const pen = new Pen(view, options);
  pen.write(DELETED_PATH, TOMBSTONE);
  return pen.edit();
}

/** Says that this region has seen the tombstone. */
export function acknowledgeEdit(view: RegisterView, options: Moment): Edit {
  const pen = new Pen(view, options);
  pen.write(ACKNOWLEDGED_PATH, ACKNOWLEDGEMENT);
  return pen.edit();
}

/**
 * An operator's repair after a clock was wrong: what that client wrote above the stamp counts from now on as written now,
 * before everything that is written after this.
 */
export function restampEdit(
  view: RegisterView,
  options: Moment & { readonly client: ClientId; readonly above: Stamp },
): Edit {
  const pen = new Pen(view, options);
  const { client, above } = options;
  pen.write(restampPath(client), encodeRestamp({ client, above, as: pen.stamp }));
  return pen.edit();
}

const EMPTY_VIEW = viewRegisters([], { horizon: 0 });

function refuseDeleted(view: RegisterView): void {
  if (isDeleted(view)) throw new ConvergentError('Deleted', 'the object is deleted');
}

function refuseHomeOnly(old: KubeObject, object: KubeObject, { classes }: ObjectType): void {
  const details = classes.homeOnly
    .filter((names) => !deepEqual(valueAt(old, names), valueAt(object, names)))
    .map((names) => `.${names.join('.')}`);
  if (details.length === 0) return;
  throw new ConvergentError(
    'HomeOnly',
    `${details.join(', ')} can be changed only in the region that is home of the object's logical cluster`,
    { details },
  );
}

function valueAt(object: KubeObject, names: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = object;
  for (const name of names) value = isObject(value) ? value[name] : undefined;
  return value;
}

function byBirth(births: ReadonlyMap<string, Birth>): (a: string, b: string) => number {
  return (a, b) => {
    const [left, right] = [births.get(a)!, births.get(b)!];
    return left.stamp - right.stamp || compareNames(left.region, right.region) || compareNames(a, b);
  };
}

/** Writes registers of one edit: all have the same stamp, so that it wins or loses as a whole where it can. */
class Pen {
  readonly stamp: Stamp;
  readonly #view: RegisterView;
  readonly #writer: Writer;
  readonly #written = new Map<RegisterPath, NewRegister>();

  constructor(view: RegisterView, { writer, nowMs }: Moment) {
    this.stamp = nextStamp({ newest: view.newest, nowMs });
    this.#view = view;
    this.#writer = writer;
  }

  get isUnused(): boolean {
    return this.#written.size === 0;
  }

  edit(): Edit {
    return { writer: this.#writer, registers: [...this.#written.values()] };
  }

  /** @param value undefined where there shall be nothing */
  write(path: RegisterPath, value: JsonValue | undefined, birth?: Birth): void {
    const seen = this.#seenAt(path);
    this.#written.set(path, {
      path,
      region: this.#writer.region,
      client: this.#writer.client,
      stamp: this.stamp,
      ...(value === undefined ? {} : { value }),
      ...(birth === undefined ? {} : { birth }),
      ...(seen === undefined ? {} : { seen }),
    });
  }

  /** Writes what is missing for the document to say this and nothing else. */
  draw(target: Target): void {
    const births = new Map<RegisterPath, Birth | undefined>([[ROOT_PATH, undefined]]);
    // Items come before what is in them, as they were cut in that order.
    for (const [path, { value, item }] of target.registers) {
      const birth = births.get(item);
      const held = this.#held(path, birth);
      if (!path.endsWith('!')) {
        if (held?.value !== undefined && (DELETION_PATHS.has(path) || deepEqual(held.value, value))) continue;
        this.write(path, value, birth);
        continue;
      }
      const life = decodeLife(held?.value);
      births.set(path.slice(0, -1), life?.birth ?? this.#ownBirth());
      if (life === undefined || !deepEqual(life.keys, value)) {
        this.write(path, encodeLife(value as JsonObject, life?.birth ?? this.#ownBirth()), birth);
      }
    }
    this.#eraseBelow(this.#view.root, target, undefined);
    for (const [path, order] of target.orders) this.#arrange(path, order, births.get(order.item));
  }

  #ownBirth(): Birth {
    return { stamp: this.stamp, region: this.#writer.region };
  }

  #held(path: RegisterPath, birth: Birth | undefined): Register | undefined {
    return pickRegister(this.#view.byPath.get(path) ?? [], { birth });
  }

  /** Takes away what counts and is not wanted, also where something else hides it at present. */
  #erase(node: ViewNode, target: Target, birth: Birth | undefined): void {
    this.#eraseAt(node.path, node.whole, { target, birth });
    this.#eraseBelow(node, target, birth);
  }

  #eraseBelow(node: ViewNode, target: Target, birth: Birth | undefined): void {
    for (const [names, registers] of node.unions) {
      this.#eraseAt(`${node.path}${names}`, registers, { target, birth });
    }
    for (const child of node.fields.values()) this.#erase(child, target, birth);
    for (const child of node.items.values()) {
      const path = lifePath(child.path);
      this.#eraseAt(child.path, child.whole, { target, birth });
      this.#eraseAt(path, child.life, { target, birth });
      // What is in an item goes with it, and what is in one of another birth is gone already.
      const life = decodeLife(pickRegister(child.life, { birth })?.value);
      if (life !== undefined && target.registers.has(path)) this.#eraseBelow(child, target, life.birth);
    }
  }

  #eraseAt(
    path: RegisterPath,
    registers: readonly Register[],
    { target, birth }: { readonly target: Target; readonly birth: Birth | undefined },
  ): void {
    if (registers.length === 0 || target.registers.has(path) || DELETION_PATHS.has(path)) return;
    if (pickRegister(registers, { birth })?.value !== undefined) this.write(path, undefined, birth);
  }

  /** Writes the order of a list, unless its items stand in it already. */
  #arrange(path: RegisterPath, { texts }: ListOrder, birth: Birth | undefined): void {
    const held = this.#held(orderPath(path), birth)?.value;
    const order = Array.isArray(held) ? held : [];
    const wanted = new Set(texts);
    const named = new Set(order.filter((text) => typeof text === 'string' && wanted.has(text)) as string[]);
    const rest = texts.filter((text) => !named.has(text));
    const births = new Map(rest.map((text) => [text, this.#bornAt(itemPath(path, text), birth)]));
    const derived = [...named, ...rest.sort(byBirth(births))];
    if (derived.some((text, index) => text !== texts[index])) this.write(orderPath(path), [...texts], birth);
  }

  #bornAt(path: RegisterPath, birth: Birth | undefined): Birth {
    const written = this.#written.get(lifePath(path)) ?? this.#written.get(path);
    if (written !== undefined) return decodeLife(written.value)?.birth ?? written;
    const life = decodeLife(this.#held(lifePath(path), birth)?.value);
    return life?.birth ?? this.#held(path, birth) ?? this.#ownBirth();
  }

  /** What this write replaces in other regions' names. What its own region has there goes away with it. */
  #seenAt(path: RegisterPath): Seen | undefined {
    // Beside the object every region has something of its own to say, but for an operator's word.
    const { byPath, system } = this.#view;
    const held = path.startsWith(RESTAMP_PREFIX) ? system.get(path) : byPath.get(path);
    const others = held?.filter(({ region }) => region !== this.#writer.region) ?? [];
    return others.length === 0 ? undefined : new Map(others.map(({ client, clock }) => [client, clock]));
  }
}
