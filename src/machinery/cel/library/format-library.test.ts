import { describe, expect, it } from 'vitest';
import { costsOf, evaluate, problemsOf } from './library.suite.ts';

const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

describe('the named formats', () => {
  it.each([
    ["format.dns1123Label().validate('my-label')", []],
    ["format.dns1123Label().validate('My')", [[LABEL]]],
    ["format.dns1123Label().validate('a.b')", [['must not contain dots']]],
    ["format.dns1123LabelPrefix().validate('my-')", []],
    ["format.dns1123LabelPrefix().validate('é-')", [[LABEL]]],
    ["format.dns1123Subdomain().validate('a.b')", []],
    ["format.dns1035Label().validate('a1')", []],
    ["format.qualifiedName().validate('example.com/Name')", []],
    ["format.qualifiedName().validate('/n')", [['prefix part must be non-empty']]],
    [`format.labelValue().validate('${'x'.repeat(64)}')`, [['must be no more than 63 characters']]],
    ["format.uri().validate('x')", [['parse "x": invalid URI for request']]],
    ["format.uuid().validate('x')", [['does not match the UUID format']]],
    ["format.byte().validate('aGk=')", []],
    ["format.byte().validate('!')", [['invalid base64']]],
    ["format.date().validate('2020-02-30')", [['invalid date']]],
    ["format.datetime().validate('2020-01-01T00:00:00Z')", []],
    ["format.datetime().validate('2020-01-01')", [['invalid datetime']]],
    ["format.named('dns1123Label').value() == format.dns1123Label()", true],
    ["format.named('DNS1123Label').hasValue()", false],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('cost by the length of the pattern that they stand for', () => {
    expect(costsOf("format.uri().validate('x').hasValue()")).toBe('278 (34..34)');
    expect(costsOf('format.byte() == format.date()')).toBe('3 (3..9)');
  });

  it('leave the functions of authorizers known, though nobody has an authorizer', () => {
    expect(problemsOf("'x'.check('y')", 'new')).toEqual([
      "9: found no matching overload for 'check' applied to 'string.(string)'",
    ]);
    expect(problemsOf('authorizer', 'new')).toEqual([
      "0: undeclared reference to 'authorizer' (in container '')",
    ]);
  });
});
