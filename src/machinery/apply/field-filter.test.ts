import { describe, expect, it } from 'vitest';
import { fields, pathsOf } from './apply.suite.ts';
import { excludeFields, filterSet, includeFields, pathMatcher } from './field-filter.ts';
import { fieldElement, keyElement } from './path-element.ts';

const SET = fields({
  'f:metadata': { 'f:labels': { '.': {}, 'f:a': {} } },
  'f:spec': {
    '.': {},
    'f:list': { 'k:{"name":"a"}': { '.': {}, 'f:x': {} }, 'k:{"name":"b"}': { 'f:y': {} } },
  },
  'f:status': { 'f:phase': {} },
});

describe('a filter of fields', () => {
  it('leaves a set alone that there is no filter for', () => {
    expect(filterSet(SET, undefined)).toBe(SET);
  });

  it('excludes fields with everything below them', () => {
    const filtered = filterSet(SET, excludeFields(fields({ 'f:metadata': {}, 'f:spec': { 'f:list': {} } })));
    expect(pathsOf(filtered)).toEqual(['.spec', '.status.phase']);
  });

  it('includes what a matcher matches, and the members on the way to it', () => {
    const spec = pathMatcher([fieldElement('spec'), fieldElement('list'), keyElement({ name: 'a' })]);
    expect(pathsOf(filterSet(SET, includeFields(spec)))).toEqual([
      '.spec',
      '.spec.list[name="a"]',
      '.spec.list[name="a"].x',
    ]);
  });

  it('includes what any of several matchers matches', () => {
    const filter = includeFields(
      pathMatcher([fieldElement('spec'), fieldElement('list'), '*', fieldElement('y')]),
      pathMatcher([fieldElement('spec'), fieldElement('list'), '*', fieldElement('z')]),
      pathMatcher([fieldElement('status')]),
    );
    expect(pathsOf(filterSet(SET, filter))).toEqual([
      '.spec',
      '.spec.list[name="a"]',
      '.spec.list[name="b"].y',
      '.status.phase',
    ]);
  });

  it('includes everything when nothing is said or all is matched', () => {
    expect(filterSet(SET, includeFields())).toBe(SET);
    expect(filterSet(SET, includeFields(pathMatcher([fieldElement('spec')]), pathMatcher([])))).toBe(SET);
  });
});
