import { expect } from 'vitest';
import {
  type FieldError,
  fieldErrorText,
  isObject,
  type JsonValue,
  type KubeObject,
  newObject,
} from '../../machinery/mod.ts';
import type { StrategyContext } from '../definition.ts';
import type { KindSource } from './kind.ts';

/** A JSON value from a literal, without prototypes, as the parser makes them. */
export function json(value: unknown): JsonValue {
  if (Array.isArray(value)) return value.map(json);
  if (typeof value !== 'object' || value === null) return value as JsonValue;
  const object = newObject();
  for (const [key, member] of Object.entries(value)) if (member !== undefined) object[key] = json(member);
  return object;
}

/** An object from a literal; metadata has a name and namespace unless it says otherwise. */
export function kubeObject(literal: Record<string, unknown>): KubeObject {
  const metadata = isObject(literal['metadata'] as JsonValue) ? literal['metadata'] : {};
  return json({
    apiVersion: 'v1',
    kind: 'Test',
    ...literal,
    metadata: { name: 'a', namespace: 'n', ...(metadata as object) },
  }) as KubeObject;
}

/** Plain literals again, for comparisons. */
export function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

export function contextOf(subresource = ''): StrategyContext {
  return { subresource, now: '2026-01-01T00:00:00Z' };
}

/** Error texts of a creation. */
export function createErrors(source: KindSource, literal: Record<string, unknown>): string[] {
  const object = kubeObject(literal);
  source.strategy.prepareForCreate(object, contextOf());
  return texts(source.strategy.validateCreate(object, contextOf()));
}

/** Error texts of an update. */
export function updateErrors(
  source: KindSource,
  change: {
    readonly old: Record<string, unknown>;
    readonly next: Record<string, unknown>;
    readonly subresource?: string;
  },
): string[] {
  const [object, old] = [kubeObject(change.next), kubeObject(change.old)];
  const context = contextOf(change.subresource);
  const before = JSON.stringify(old);
  source.strategy.prepareForUpdate(object, old, context);
  const errors = source.strategy.validateUpdate(object, old, context);
  expect(JSON.stringify(old), 'the old object must stay as it is').toBe(before);
  return texts(errors);
}

export function texts(errors: readonly FieldError[]): string[] {
  return errors.map(fieldErrorText);
}
