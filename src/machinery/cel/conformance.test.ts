import { tests } from '@bufbuild/cel-spec/testdata/conformance.js';
import { describe, expect, it } from 'vitest';
import { absentFeature, runSpecTest, type SpecSuite, type SpecTest } from './conformance.suite.ts';

interface NamedTest {
  readonly path: string;
  readonly test: SpecTest;
}

/** What cel-go does otherwise too, with the options that Kubernetes gives it: being as cel-go goes first. */
const asCelGo: readonly string[] = [
  // A key that cannot be one is refused while constants are computed, before `|| true` could absorb it.
  'fields/map_fields/map_bad_key_type_or_true',
  'fields/map_fields/map_bad_key_type_and_false',
  // Maps may be written with doubles as keys, and with a key twice.
  'fields/qualified_identifier_resolution/map_key_float',
  'fields/qualified_identifier_resolution/map_value_repeat_key',
  'fields/qualified_identifier_resolution/map_value_repeat_key_heterogeneous',
  // An optional selection from what has no fields gives none.
  'optionals/optionals/map_null_entry_no_such_key',
  'optionals/optionals/map_present_key_invalid_field',
  // The type of a list of an optional and null is a list of nulls.
  'type_deductions/legacy_nullable_types/null_assignable_to_abstract_parameter_candidate',
];

describe('the conformance data of cel-spec', () => {
  const all = testsOf(tests as unknown as SpecSuite, '');
  const present = all.filter(({ path, test }) => absentFeature(path, test) === undefined);

  it('passes wherever Kubernetes has the feature, except for what is named here', () => {
    const failing = present
      .map(({ path, test }) => [path, runSpecTest(test)] as const)
      .filter(([, fault]) => fault !== undefined);
    const unexpected = failing
      .filter(([path]) => !asCelGo.includes(path))
      .map(([path, fault]) => `${path}: ${fault}`);
    expect(unexpected).toEqual([]);
    expect(failing.map(([path]) => path).sort()).toEqual([...asCelGo].sort());
  });

  it('is skipped only for features that Kubernetes does not have, so many times', () => {
    const counts: Record<string, number> = {};
    for (const { path, test } of all) {
      const feature = absentFeature(path, test) ?? 'run';
      counts[feature] = (counts[feature] ?? 0) + 1;
    }
    expect(counts).toEqual({
      run: 1175,
      'protobuf message': 659,
      'extension library': 472,
      'evaluation without a check': 28,
      'quoted field name': 6,
      container: 4,
    });
  });
});

function testsOf(suite: SpecSuite, prefix: string): readonly NamedTest[] {
  return [
    ...(suite.tests ?? []).map(({ original }) => ({
      path: `${prefix}${original.name ?? original.expr}`,
      test: original,
    })),
    ...(suite.suites ?? []).flatMap((child) => testsOf(child, `${prefix}${child.name}/`)),
  ];
}
