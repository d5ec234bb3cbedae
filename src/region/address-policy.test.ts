import { describe, expect, test } from 'vitest';
import { addressPolicy, LOOPBACK_NETWORKS } from './address-policy.ts';

describe('where webhooks may be', () => {
  test.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '172.32.0.1', '::ffff:8.8.8.8'])(
    '%s is the public Internet',
    (address) => expect(addressPolicy([]).allows(address)).toBe(true),
  );

  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fc00::1',
    'fd00:ec2::254',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'not an address',
  ])('%s is closed', (address) => expect(addressPolicy([]).allows(address)).toBe(false));

  test('what an operator names is open, alone or as a network', () => {
    const policy = addressPolicy(['10.0.0.0/8', '192.168.1.5', 'fd12::/16']);
    expect(['10.1.2.3', '192.168.1.5', 'fd12::1', '::ffff:10.0.0.1'].map((it) => policy.allows(it))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['192.168.1.6', '172.16.0.1', 'fd13::1'].map((it) => policy.allows(it))).toEqual([
      false,
      false,
      false,
    ]);
    expect(addressPolicy(LOOPBACK_NETWORKS).allows('127.0.0.1')).toBe(true);
  });

  test('the addresses of a cloud’s credentials stay closed whatever is named', () => {
    const policy = addressPolicy(['0.0.0.0/0', '::/0']);
    expect(policy.allows('169.254.169.254')).toBe(false);
    expect(policy.allows('fd00:ec2::254')).toBe(false);
    expect(policy.allows('10.0.0.1')).toBe(true);
  });

  test.each(['localhost', '10.0.0.0/33', '10.0.0.0/x', '10.0.0.0/', '', '::/129'])(
    '%j is no network',
    (text) => expect(() => addressPolicy([text])).toThrow(RangeError),
  );
});

test.each([
  '::127.0.0.1',
  '::7f00:1',
  '::a9fe:a9fe',
  '::ffff:0:127.0.0.1',
  '2001::1',
  'fec0::1',
  '100::1',
  '168.63.129.16',
])('%s is closed like the address it may lead to', (address) => {
  expect(addressPolicy([]).allows(address)).toBe(false);
  expect(addressPolicy([]).allows('2606:4700::1111')).toBe(true);
});
