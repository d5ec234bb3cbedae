import { expect, it } from 'vitest';
import { definitionFromCrd } from '../crd/mod.ts';
import { crdOf, kcpDefinition, kcpKinds, withOwnConsistency } from './mod.ts';

it.each(kcpKinds.map((kind) => [kind.plural, kind] as const))(
  'gives %s the consistency of the kind also where it comes by a binding',
  (_plural, kind) => {
    const bound = withOwnConsistency(definitionFromCrd(crdOf(kind)));
    expect(bound.consistency).toBe(kcpDefinition(kind).consistency);
  },
);
