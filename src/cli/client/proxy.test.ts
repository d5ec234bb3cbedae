import { describe, expect, it } from 'vitest';
import { environmentProxy } from './proxy.ts';

function proxyFor(server: string, environment: Readonly<Record<string, string>>): string | undefined {
  return environmentProxy(new URL(server), environment);
}

describe('the proxy of the environment', () => {
  const HTTPS_PROXY = 'http://proxy:3128';

  it.each([
    ['https://example.com', { HTTPS_PROXY }, HTTPS_PROXY],
    ['https://example.com', { https_proxy: 'proxy:3128' }, 'http://proxy:3128'],
    ['https://example.com', { HTTP_PROXY: HTTPS_PROXY }, undefined],
    ['https://localhost:6443', { HTTPS_PROXY }, undefined],
    ['https://127.0.0.1:6443', { HTTPS_PROXY }, undefined],
    ['https://[::1]:6443', { HTTPS_PROXY }, undefined],
    ['https://example.com', { HTTPS_PROXY, NO_PROXY: 'other.org, example.com' }, undefined],
    ['https://a.example.com', { HTTPS_PROXY, NO_PROXY: 'example.com' }, undefined],
    ['https://example.com', { HTTPS_PROXY, NO_PROXY: '.example.com' }, HTTPS_PROXY],
    ['https://a.example.com', { HTTPS_PROXY, no_proxy: '*.example.com' }, undefined],
    ['https://badexample.com', { HTTPS_PROXY, NO_PROXY: 'example.com' }, HTTPS_PROXY],
    ['https://example.com:8443', { HTTPS_PROXY, NO_PROXY: 'example.com:443' }, HTTPS_PROXY],
    ['https://example.com', { HTTPS_PROXY, NO_PROXY: 'example.com:443' }, undefined],
    ['https://10.1.2.3', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, undefined],
    ['https://11.1.2.3', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/8' }, HTTPS_PROXY],
    ['https://[fd00::1]', { HTTPS_PROXY, NO_PROXY: 'fd00::/8' }, undefined],
    ['https://example.com', { HTTPS_PROXY, NO_PROXY: '*' }, undefined],
    ['https://example.com', { HTTPS_PROXY, NO_PROXY: '10.0.0.0/99,,' }, HTTPS_PROXY],
  ])('for %s with %j', (server, environment, proxy) => {
    expect(proxyFor(server, environment as Record<string, string>)).toBe(proxy);
  });
});
