import { describe, expect, test } from 'vitest';
import { parseGoUrl } from './go-url.ts';

describe('a URL is split as Go does it', () => {
  test.each([
    ['https://a.b/c?d=e#f', 'https', 'a.b', undefined, 'd=e', 'f'],
    ['HTTPS://u:p@[::1]:8443', 'https', '[::1]:8443', 'u:p', '', ''],
    ['https://a.b:99999', 'https', 'a.b:99999', undefined, '', ''],
    ['https:///x', 'https', '', undefined, '', ''],
    ['foo', '', '', undefined, '', ''],
    ['', '', '', undefined, '', ''],
    ['mailto:a@b', 'mailto', '', undefined, '', ''],
    ['//host/path', '', 'host', undefined, '', ''],
  ])('%j', (text, scheme, host, user, query, fragment) => {
    expect(parseGoUrl(text)).toEqual({ scheme, host, user, query, fragment });
  });

  test.each([
    ['://x', 'missing protocol scheme'],
    ['https://a b', 'invalid character " " in host name'],
    ['https://a.b:x', 'invalid port ":x" after host'],
    ['https://a.b/%zz', 'invalid URL escape "%zz"'],
    ['https://a.b/%2', 'invalid URL escape "%2"'],
    ['https://[::1', "missing ']' in host"],
    ['1.2.3.4:80/x', 'first path segment in URL cannot contain colon'],
    ['https://a\n.b', 'net/url: invalid control character in URL'],
  ])('and refused as Go does it: %j', (text, problem) => {
    expect(() => parseGoUrl(text)).toThrow(`: ${problem}`);
  });
});
