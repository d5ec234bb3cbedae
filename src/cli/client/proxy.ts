import type { Agent as HttpAgent } from 'node:http';
import type { AgentOptions } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { Failure } from '../failure.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy that the environment asks for, by the rules of Go's programs; undefined to connect directly. */
export function environmentProxy(server: URL, environment: Environment): string | undefined {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const name = server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = environment[name] || environment[name.toLowerCase()];
  if (proxy === undefined || proxy === '' || isLoopback(host)) return undefined;
  const exceptions = environment['NO_PROXY'] || environment['no_proxy'] || '';
  const port = server.port === '' ? (server.protocol === 'https:' ? '443' : '80') : server.port;
  if (exceptions.split(',').some((exception) => matches(exception.trim().toLowerCase(), host, port)))
    return undefined;
  return /^[a-z0-9+.-]+:\/\//i.test(proxy) ? proxy : `http://${proxy}`;
}

/** An agent that goes through a proxy. The libraries that know how are loaded only here. */
export async function proxyAgent(
  proxy: string,
  { server, options }: { readonly server: URL; readonly options: AgentOptions },
): Promise<HttpAgent> {
  const url = URL.canParse(proxy) ? new URL(proxy) : undefined;
  switch (url?.protocol) {
    case 'http:':
    case 'https:': {
      const { HttpProxyAgent, HttpsProxyAgent } = await import('hpagent');
      const agentOptions = { ...options, proxy: url.href };
      return server.protocol === 'https:'
        ? new HttpsProxyAgent(agentOptions)
        : new HttpProxyAgent(agentOptions);
    }
    case 'socks5:':
    case 'socks5h:': {
      const { SocksProxyAgent } = await import('socks-proxy-agent');
      // Names are resolved by the proxy, as with Go.
      return new SocksProxyAgent(url.href.replace(/^socks5:/, 'socks5h:'), options);
    }
    default:
      throw new Failure(`the proxy ${JSON.stringify(proxy)} is no URL of http, https or socks5`);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function matches(exception: string, host: string, port: string): boolean {
  if (exception === '') return false;
  if (exception === '*') return true;
  const [, name = '', onlyPort] = /^(.*?)(?::(\d+))?$/.exec(exception) ?? [];
  const isAddress = isIP(exception) !== 0;
  if (!isAddress && onlyPort !== undefined && onlyPort !== port) return false;
  const pattern = isAddress ? exception : name.replace(/^\*/, '');
  if (pattern.includes('/')) return isInNetwork(pattern, host);
  if (pattern.startsWith('.')) return host.endsWith(pattern);
  return host === pattern || host.endsWith(`.${pattern}`);
}

function isInNetwork(network: string, host: string): boolean {
  const [address = '', prefix = ''] = network.split('/');
  const [family, hostFamily] = [isIP(address), isIP(host)];
  if (family === 0 || family !== hostFamily || !/^\d{1,3}$/.test(prefix)) return false;
  if (Number(prefix) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const type = family === 4 ? 'ipv4' : 'ipv6';
  list.addSubnet(address, Number(prefix), type);
  return list.check(host, type);
}
