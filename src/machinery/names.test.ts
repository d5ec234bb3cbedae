import { describe, expect, test } from 'vitest';
import {
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
  validateDns1123LabelName,
  validateDns1123SubdomainName,
  validatePathSegmentName,
} from './names.ts';

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

describe('DNS names', () => {
  test.each(['a', 'a.b', '1.2', 'a-b.c-d', 'a--b', 'x'.repeat(253)])('%s is a subdomain', (name) => {
    expect(dns1123SubdomainErrors(name)).toEqual([]);
  });

  test.each(['', 'A', '-a', 'a-', 'a..b', '.a', 'a.', 'a.-b', 'a_b', 'é', 'a\n'])(
    '%j is no subdomain, in the words of upstream',
    (name) => {
      expect(dns1123SubdomainErrors(name)).toEqual([SUBDOMAIN]);
    },
  );

  test('length errors come first', () => {
    expect(dns1123SubdomainErrors(`${'x'.repeat(254)}`)).toEqual(['must be no more than 253 characters']);
    expect(dns1123LabelErrors('x'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(dns1035LabelErrors(`1${'x'.repeat(63)}`)).toHaveLength(2);
  });

  test('labels explain themselves with two examples', () => {
    expect(dns1123LabelErrors('a_b')).toEqual([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(dns1123LabelErrors('a.b')).toEqual(['must not contain dots']);
    expect(dns1035LabelErrors('1a')[0]).toContain('a DNS-1035 label must consist of');
    expect(dns1035LabelErrors('a1')).toEqual([]);
  });

  test('a hostile name costs no more than its length', () => {
    const started = performance.now();
    expect(dns1123SubdomainErrors(`${'a-'.repeat(500_000)}!`)).toHaveLength(2);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe('label keys and values', () => {
  test.each(['a', 'A.b_c-9', 'example.com/Name', 'x'.repeat(63)])('%s is a label key', (key) => {
    expect(qualifiedNameErrors(key)).toEqual([]);
  });

  test('the parts of a key are judged separately', () => {
    expect(qualifiedNameErrors('/a')).toEqual(['prefix part must be non-empty']);
    expect(qualifiedNameErrors('a/')).toEqual([
      'name part must be non-empty',
      "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ]);
    expect(qualifiedNameErrors('Ex.com/a')).toEqual([`prefix part ${SUBDOMAIN}`]);
    expect(qualifiedNameErrors('x'.repeat(64))).toEqual(['name part must be no more than 63 bytes']);
    expect(qualifiedNameErrors('a/b/c')).toHaveLength(1);
    expect(qualifiedNameErrors('a/b/c')[0]).toMatch(/ with an optional DNS subdomain prefix and '\/'/);
  });

  test('values may be empty', () => {
    expect(labelValueErrors('')).toEqual([]);
    expect(labelValueErrors('v1.2_3')).toEqual([]);
    expect(labelValueErrors('-a')).toEqual([
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ]);
    expect(labelValueErrors('x'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  });
});

describe('name validators', () => {
  test('a prefix may end in a dash, a name may not', () => {
    expect(validateDns1123SubdomainName('web-', { isPrefix: true })).toEqual([]);
    expect(validateDns1123SubdomainName('web-', { isPrefix: false })).toEqual([SUBDOMAIN]);
    expect(validateDns1123LabelName('team-', { isPrefix: true })).toEqual([]);
    expect(validateDns1123SubdomainName('-', { isPrefix: true })).toEqual([SUBDOMAIN]);
  });

  test('path segments refuse dots alone, slashes and percent signs', () => {
    expect(validatePathSegmentName('system:node', { isPrefix: false })).toEqual([]);
    expect(validatePathSegmentName('..', { isPrefix: false })).toEqual(["may not be '..'"]);
    expect(validatePathSegmentName('..', { isPrefix: true })).toEqual([]);
    expect(validatePathSegmentName('a/%', { isPrefix: false })).toEqual([
      "may not contain '/'",
      "may not contain '%'",
    ]);
  });

  test.each(['a\0b', '\n', 'tab\t', '\x7f', '\u0085'])(
    '%j is no path segment: no URL could name it, and NUL separates the parts of stored keys',
    (name) => {
      for (const isPrefix of [false, true]) {
        expect(validatePathSegmentName(name, { isPrefix })).toEqual(['may not contain control characters']);
      }
    },
  );
});
