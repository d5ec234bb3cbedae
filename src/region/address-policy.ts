import { BlockList, isIP } from 'node:net';

/** Which addresses the server may connect to for somebody else. */
export interface AddressPolicy {
  allows(address: string): boolean;
}

/**
 * Where webhooks may be: anywhere in the public Internet, and in the networks that an operator names. What is
 * near the server (this machine, private networks, a cloud's metadata) is closed until then, since whoever may
 * write a CRD may choose the URL. Throws a `RangeError` for a text that is no network.
 *
 * @param networks addresses or prefixes, `10.0.0.0/8`
 */
export function addressPolicy(networks: readonly string[]): AddressPolicy {
  const open = blockListOf(networks);
  return {
    allows(address) {
      // ::ffff:10.0.0.1 reaches what 10.0.0.1 does.
      const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
      const version = isIP(mapped);
      if (version === 0) return false;
      const family = version === 4 ? 'ipv4' : 'ipv6';
      if (ALWAYS_CLOSED.check(mapped, family)) return false;
      return open.check(mapped, family) || !CLOSED.check(mapped, family);
    },
  };
}

/** For a member that only this machine can reach: so are the webhooks that somebody tries out on it. */
export const LOOPBACK_NETWORKS: readonly string[] = ['127.0.0.0/8', '::1/128'];

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const version = isIP(address);
    const bits = version === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix);
    const isPrefix = prefix === undefined || /^\d+$/.test(prefix);
    if (version === 0 || !isPrefix || length > bits) throw new RangeError(`${network} is no network`);
    list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Link-local, where clouds keep the credentials of their machines, and what is no single machine at all. */
const ALWAYS_CLOSED = blockListOf([
  '0.0.0.0/8',
  '169.254.0.0/16',
  // Where one cloud answers its machines, in the middle of the public addresses.
  '168.63.129.16/32',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fe80::/10',
  'ff00::/8',
  'fd00:ec2::/32',
]);

/** Loopback, private and shared networks, and those for documents and tests; IPv6 that carries IPv4 inside. */
const CLOSED = blockListOf([
  ...LOOPBACK_NETWORKS,
  '10.0.0.0/8',
  '100.64.0.0/10',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  // ::127.0.0.1, as it was once written, and ::ffff:0:127.0.0.1.
  '::/96',
  '::ffff:0:0:0/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/32',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fec0::/10',
]);
