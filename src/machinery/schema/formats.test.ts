import { describe, expect, test } from 'vitest';
import { base64Error, isKnownFormat, matchesFormat } from './formats.ts';

const CASES: Readonly<Record<string, { readonly good: readonly string[]; readonly bad: readonly string[] }>> =
  {
    bsonobjectid: { good: ['507f1f77bcf86cd799439011'], bad: ['507f1f77bcf86cd79943901'] },
    uri: {
      good: ['http://a.b/c?d#e', '/path', 'mailto:x', 'https://[::1]:8080/', '//a b/', '///a'],
      bad: [
        '',
        'a/b',
        'http://a b/',
        'http://a%zz/',
        'http://a%20/',
        'http://[1.2.3.4]/',
        ':x',
        'http://a:b/',
      ],
    },
    email: { good: ['a@b.c', 'Joe <joe@example.com>', '"a b"@c.d'], bad: ['a', '@b', 'a@', 'a b@c', 'x <y'] },
    hostname: {
      good: ['a', 'example.com', '1a.example.com', 'a-b.example'],
      bad: ['', '-a.example', 'a..b', 'a_b.example', 'a.b', `${'a'.repeat(64)}.example`],
    },
    ipv4: { good: ['10.0.0.1'], bad: ['010.0.0.1', '1.2.3', '::1'] },
    ipv6: { good: ['::1', 'fe80::1'], bad: ['1.2.3.4', 'fe80::1%eth0'] },
    cidr: { good: ['10.0.0.0/8', '::/0'], bad: ['10.0.0.0/33', '10.0.0.0', '::/129', '1.2.3.4/x'] },
    mac: {
      good: ['00:00:5e:00:53:01', '0000.5e00.5301', '02-00-5e-10-00-00-00-01'],
      bad: ['00:00:5e', '00-00:5e:00:53:01'],
    },
    uuid: {
      good: ['123E4567-e89b-12d3-a456-426614174000', '123e4567e89b12d3a456426614174000'],
      bad: ['123e4567'],
    },
    uuid3: { good: ['bcd02e22-68f0-3046-a512-327cca9def8f'], bad: ['bcd02e22-68f0-4046-a512-327cca9def8f'] },
    uuid4: { good: ['025b0d74-00a2-4048-bf57-227c5111bb34'], bad: ['025b0d74-00a2-4048-7f57-227c5111bb34'] },
    uuid5: { good: ['886313e1-3b8a-5372-9b90-0c9aee199e5d'], bad: ['886313e1-3b8a-4372-9b90-0c9aee199e5d'] },
    isbn10: { good: ['0321751043', '3-598-21508-8'], bad: ['0321751044', '978-0321751041'] },
    isbn13: { good: ['978-0321751041'], bad: ['978-0321751042'] },
    isbn: { good: ['0321751043', '978-0321751041'], bad: ['1'] },
    creditcard: { good: ['4111-1111-1111-1111'], bad: ['4111-1111-1111-1112', '1234'] },
    ssn: { good: ['111-11-1111', '111 11 1111'], bad: ['111-111-111'] },
    hexcolor: { good: ['#FFFFFF', 'abc'], bad: ['#ABCD', 'xyz'] },
    rgbcolor: { good: ['rgb(255,0, 12)'], bad: ['rgb(256,0,0)', 'rgb(1,2)'] },
    byte: { good: ['YWI='], bad: ['', 'YWI', 'YWI=\n', '$'] },
    date: { good: ['2024-02-29'], bad: ['2023-02-29', '2024-13-01', '2024-1-1'] },
    duration: {
      good: ['1h30m', '-1.5s', '0', '3 days', '5 minutes 2 sec', '100ns', '1h 30'],
      bad: ['', '1', '1 parsec', 'h', '30 1'],
    },
    'date-time': {
      good: ['2014-12-15T19:30:20.000Z', '2014-12-15t19:30:20+01:00'],
      bad: ['2014-12-15', '2014-12-15T24:00:00Z', '2014-12-15T19:30:20'],
    },
    quantity: { good: ['10Gi', '1e3', '100m'], bad: ['x', '1 Gi'] },
    'k8s-short-name': { good: ['a-b'], bad: ['a.b', 'A', 'a'.repeat(64)] },
    'k8s-long-name': { good: ['a.b-c'], bad: ['A', '-a'] },
    password: { good: ['', 'x'], bad: [] },
  };

describe.each(Object.entries(CASES))('format %s', (format, { good, bad }) => {
  test('is known', () => {
    expect(isKnownFormat(format)).toBe(true);
  });
  test.each([...good])('allows %j', (text) => {
    expect(matchesFormat(format, text)).toBe(true);
  });
  test.each([...bad])('refuses %j', (text) => {
    expect(matchesFormat(format, text)).toBe(false);
  });
});

test('unknown formats allow anything', () => {
  expect(isKnownFormat('zip-code')).toBe(false);
  expect(matchesFormat('zip-code', 'x')).toBe(true);
});

test.each([
  ['', undefined],
  ['YWJj', undefined],
  ['YW\nJj\r\n', undefined],
  ['YWI=', undefined],
  ['YQ==', undefined],
  ['Y', 0],
  ['YWJjY', 4],
  ['YQ', 0],
  ['YQ=', 3],
  ['YQ=x', 2],
  ['AAA=AAAA', 4],
  ['A=', 1],
  ['AA===', 4],
  ['AAAAA==', 5],
  ['A=AA', 1],
  ['====', 0],
  ['YQ==Y', 4],
  ['=', 0],
  ['Y===', 1],
  ['YWI=YWI=', 4],
  ['YW-j', 2],
])('base64 %j has its first error at %s', (text, position) => {
  expect(base64Error(text)).toBe(
    position === undefined ? undefined : `illegal base64 data at input byte ${position}`,
  );
});

test('no format needs long for a long text', () => {
  const texts = [
    'a'.repeat(1_000_000),
    '1'.repeat(1_000_000),
    '%'.repeat(1_000_000),
    'a.'.repeat(500_000),
    '='.repeat(1_000_000),
  ];
  const start = performance.now();
  for (const format of Object.keys(CASES)) for (const text of texts) matchesFormat(format, text);
  expect(performance.now() - start).toBeLessThan(3_000);
});
