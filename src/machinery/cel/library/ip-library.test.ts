import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatIp,
  formatNetwork,
  type IpAddress,
  isIpv4Mapped,
  maskNetwork,
  networkContains,
  networkContainsIp,
  parseIp,
  parseNetwork,
} from '../../go/mod.ts';
import { costsOf, evaluate, fault, problemsOf } from './library.suite.ts';

const ipFault = (text: string, reason: string) =>
  fault(`IP Address "${text}" parse error during conversion from string: ParseAddr("${text}"): ${reason}`);
const cidrFault = (reason: string) => {
  const prefix = 'network address parse error during conversion from string: ';
  return fault(`${prefix}${prefix}${reason}`);
};

describe('the functions on IP addresses', () => {
  it.each([
    ["string(ip('192.168.0.1'))", '192.168.0.1'],
    ["string(ip('2001:DB8:0:0:1:0:0:1'))", '2001:db8::1:0:0:1'],
    ["string(ip('64:ff9b::1.2.3.4'))", '64:ff9b::102:304'],
    ["ip.isCanonical('2001:db8::abcd')", true],
    ["ip.isCanonical('2001:DB8::ABCD')", false],
    ["isIP('01.2.3.4')", false],
    ["isIP('::1%eth0')", false],
    ["isIP('::ffff:1.2.3.4')", false],
    ["ip('::1').family()", 6n],
    ["ip('0.0.0.0').isUnspecified()", true],
    ["ip('127.255.0.1').isLoopback()", true],
    ["ip('224.0.0.9').isLinkLocalMulticast()", true],
    ["ip('ff12::1').isLinkLocalMulticast()", true],
    ["ip('169.254.1.1').isLinkLocalUnicast()", true],
    ["ip('febf::1').isLinkLocalUnicast()", true],
    ["ip('fec0::1').isLinkLocalUnicast()", false],
    ["ip('10.0.0.1').isGlobalUnicast()", true],
    ["ip('255.255.255.255').isGlobalUnicast()", false],
    ["ip('ff02::1').isGlobalUnicast()", false],
    ["ip('::1') == ip('0::1')", true],
    ["type(ip('::1')) == net.IP", true],
    ["ip('1.2.3')", ipFault('1.2.3', 'IPv4 address too short')],
    ["ip('1.2.3.256')", ipFault('1.2.3.256', 'IPv4 field has value >255')],
    ["ip('1.02.3.4')", ipFault('1.02.3.4', 'IPv4 field has octet with leading zero')],
    ["ip('1..2.3')", ipFault('1..2.3', 'IPv4 field must have at least one digit (at ".2.3")')],
    ["ip('x')", ipFault('x', 'unable to parse IP')],
    ["ip('1:2')", ipFault('1:2', 'address string too short')],
    ["ip('12345::')", ipFault('12345::', 'each group must have 4 or less digits (at "12345::")')],
    ["ip('1::2::3')", ipFault('1::2::3', 'multiple :: in address (at ":3")')],
    [
      "ip('1:2:3:4:5:6:7:8::')",
      ipFault('1:2:3:4:5:6:7:8::', 'the :: must expand to at least one field of zeros'),
    ],
    ["ip('1:2:3:4:5:6:7:8:9')", ipFault('1:2:3:4:5:6:7:8:9', 'trailing garbage after address (at "9")')],
    ["ip('::1%')", ipFault('::1%', 'zone must be a non-empty string')],
    ["ip('::1%eth0')", fault('IP address "::1%eth0" with zone value is not allowed')],
    ["ip('::ffff:1.2.3.4')", fault('IPv4-mapped IPv6 address "::ffff:1.2.3.4" is not allowed')],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('print an address so that it is read back as the same', () => {
    const bits = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n });
    const sparse = fc
      .tuple(bits, bits, bits)
      .map(([a, b, c]) => a & b & c & 0xffff0000ffffffff00000000ffff0001n);
    const addresses: fc.Arbitrary<IpAddress> = fc.oneof(
      fc.oneof(bits, sparse).map((value) => ({ family: 6 as const, bits: value })),
      fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((value) => ({ family: 4 as const, bits: value })),
    );
    fc.assert(
      fc.property(addresses, (address) => {
        fc.pre(!isIpv4Mapped(address));
        expect(parseIp(formatIp(address))).toEqual(address);
      }),
    );
  });
});

describe('the functions on IP networks', () => {
  it.each([
    ["string(cidr('10.1.2.3/8'))", '10.1.2.3/8'],
    ["string(cidr('10.1.2.3/8').masked())", '10.0.0.0/8'],
    ["cidr('10.1.2.3/8').prefixLength()", 8n],
    ["string(cidr('10.1.2.3/8').ip())", '10.1.2.3'],
    ["cidr('10.0.0.0/8').containsIP('10.255.0.1')", true],
    ["cidr('10.0.0.0/8').containsIP(ip('::1'))", false],
    ["cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16')", true],
    ["cidr('10.1.0.0/16').containsCIDR(cidr('10.0.0.0/8'))", false],
    ["cidr('::/0').containsCIDR('10.0.0.0/8')", false],
    ["cidr('10.1.2.3/8') == cidr('10.0.0.0/8')", false],
    ["isCIDR('10.0.0.0/33')", false],
    ["cidr('10.0.0.0')", cidrFault(`netip.ParsePrefix("10.0.0.0"): no '/'`)],
    ["cidr('10.0.0.0/08')", cidrFault('netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08"')],
    ["cidr('10.0.0.0/33')", cidrFault('netip.ParsePrefix("10.0.0.0/33"): prefix length out of range')],
    ["cidr('::1%e/8')", cidrFault('netip.ParsePrefix("::1%e/8"): IPv6 zones cannot be present in a prefix')],
    [
      "cidr('::ffff:1.2.3.4/100')",
      fault(
        'network address parse error during conversion from string: IPv4-mapped IPv6 address "::ffff:1.2.3.4/100" is not allowed',
      ),
    ],
    ["cidr('10.0.0.0/8').containsIP('x')", fault('no such overload')],
    ["cidr('10.0.0.0/8').containsCIDR('x')", cidrFault(`netip.ParsePrefix("x"): no '/'`)],
  ])('%s', (source, expected) => {
    expect(evaluate(source)).toEqual(expected);
  });

  it('agree on what a network holds', () => {
    const networks = fc
      .tuple(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), fc.nat(32))
      .map(([bits, prefixLength]) => ({ address: { family: 4 as const, bits }, prefixLength }));
    fc.assert(
      fc.property(networks, networks, (a, b) => {
        expect(networkContains(a, a)).toBe(true);
        expect(networkContainsIp(a, maskNetwork(a).address)).toBe(true);
        expect(parseNetwork(formatNetwork(a))).toEqual(a);
        if (networkContains(a, b)) expect(networkContainsIp(a, b.address)).toBe(true);
      }),
    );
  });

  it.each([
    ["cidr('10.0.0.0/8').containsIP('10.1.1.1')", '3 (3..6)'],
    ["cidr('10.0.0.0/8').containsCIDR(cidr('10.1.0.0/16'))", '6 (6..10)'],
    ["ip('1.2.3.4') == ip('::1')", '3 (3..3)'],
  ])('cost what upstream charges: %s', (source, cost) => {
    expect(costsOf(source)).toBe(cost);
  });

  it('have no sizes to ask for, though costs are counted by them', () => {
    expect(problemsOf("size(ip('::1'))")).toEqual([
      "4: found no matching overload for 'size' applied to '(net.IP)'",
    ]);
  });
});
