import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatGoUrl, parseGoUrl, requestUriError } from '../../go/mod.ts';
import { costsOf, evaluate, fault } from './library.suite.ts';

const conversion = (url: string, reason: string) =>
  fault(`URL parse error during conversion from string: parse ${JSON.stringify(url)}: ${reason}`);

describe('the functions on URLs', () => {
  it.each([
    ["url('https://user:pass@example.com:80/path?query=val#fragment').getScheme()", 'https'],
    ["url('HTTPS://example.com').getScheme()", 'https'],
    ["url('https://user:pass@example.com:80/path').getHost()", 'example.com:80'],
    ["url('https://[::1]:80/path').getHost()", '[::1]:80'],
    ["url('https://[::1]:80/path').getHostname()", '::1'],
    ["url('https://example.com/').getPort()", ''],
    ["url('/path').getHost()", ''],
    ["url('https://h/with space/').getEscapedPath()", '/with%20space/'],
    ["url('https://h/a%2Fb').getEscapedPath()", '/a%2Fb'],
    ["url('https://h/é').getEscapedPath()", '/%C3%A9'],
    ["url('https://h/?k=a&k=b&other=c%20d&x;y').getQuery()", { k: ['a', 'b'], other: ['c d'] }],
    ["url('/?a=%zz&b=%ff+x').getQuery()", { b: ['\ufffd x'] }],
    ["isURL('https://a:80/')", true],
    ["isURL('../relative-path')", false],
    ["isURL('mailto:x')", true],
    ["url('/a') == url('/a')", true],
    ["dyn(url('/a')) == dyn(1)", fault('no such overload')],
    ["url('../x')", conversion('../x', 'invalid URI for request')],
    ["url('')", conversion('', 'empty url')],
    ["url(':foo/bar')", conversion(':foo/bar', 'missing protocol scheme')],
    ["url('http://a b/')", conversion('http://a b/', 'invalid character " " in host name')],
    ["url('http://a/%zz')", conversion('http://a/%zz', 'invalid URL escape "%zz"')],
    ["url('http://[::1/')", conversion('http://[::1/', "missing ']' in host")],
    ["url('http://h:x/')", conversion('http://h:x/', 'invalid port ":x" after host')],
    ["url('http://u^@h/')", conversion('http://u^@h/', 'net/url: invalid userinfo')],
    ["url('http://[1.2.3.4]/')", conversion('http://[1.2.3.4]/', 'invalid IP-literal')],
    ["url('http://h%41/')", conversion('http://h%41/', 'invalid URL escape "%41"')],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('cost what upstream charges', () => {
    expect(costsOf("url('https://example.com/path').getHost()")).toBe('4 (4..4)');
    expect(costsOf("url('https://a/') == url('https://b/')")).toBe('3 (3..3)');
  });

  it('print a URL so that it is read back as the same', () => {
    const parts = fc.array(
      fc.constantFrom('a', 'é', '%20', '%C3', '/', '?', '&', '=', ';', ':', '@', '#', ' ', "'"),
    );
    fc.assert(
      fc.property(parts, (pieces) => {
        const text = `http://h/${pieces.join('')}`;
        fc.pre(requestUriError(text) === undefined);
        let url: ReturnType<typeof parseGoUrl>;
        try {
          url = parseGoUrl(text);
        } catch {
          return;
        }
        const printed = formatGoUrl(url);
        expect(formatGoUrl(parseGoUrl(printed))).toBe(printed);
      }),
    );
  });
});
