import { EventEmitter } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { parseInvocation } from './invocation.ts';
import { createStartCommand, type MemberOptions, type RunningMember } from './start.ts';
import { recordingTerminal } from './terminal.suite.ts';

/** A start with a member that does nothing, and a process whose signals the test sends. */
function surroundings(changes: { readonly close?: () => Promise<void>; readonly open?: Promise<void> } = {}) {
  const started: MemberOptions[] = [];
  const signals = new EventEmitter();
  const exits: number[] = [];
  let nowMs = 0;
  let fail: (error: Error) => void = () => undefined;
  let closed = 0;
  const member: RunningMember = {
    url: 'https://127.0.0.1:6443',
    kubeconfigPath: '/data/admin.kubeconfig',
    failed: new Promise((resolve) => {
      fail = resolve;
    }),
    async close() {
      closed++;
      await changes.close?.();
    },
  };
  const command = createStartCommand({
    async loadRegion() {
      return {
        async startMember(options) {
          started.push(options);
          await changes.open;
          return member;
        },
      };
    },
    process: Object.assign(signals, { exit: (code: number) => exits.push(code) }),
    nowMs: () => nowMs,
  });
  const terminal = recordingTerminal({ isInteractive: true });
  return {
    terminal,
    started,
    exits,
    signals,
    closed: () => closed,
    fail: (error: Error) => fail(error),
    passTime: (ms: number) => {
      nowMs += ms;
    },
    run: async (...argumentList: readonly string[]) =>
      command.run(parseInvocation(command, argumentList), terminal),
  };
}

async function ready(start: ReturnType<typeof surroundings>): Promise<void> {
  await vi.waitFor(() => expect(start.terminal.outText()).toContain('Antipode serves'), {
    interval: 1,
    timeout: 20_000,
  });
}

describe('antipode start', () => {
  it('starts a member with the defaults of kcp, says what to do next, and stops on SIGTERM', async () => {
    const start = surroundings();
    const code = start.run();
    await ready(start);
    expect(start.started).toMatchObject([
      {
        rootDirectory: `${process.cwd()}/.antipode`,
        bindAddress: '0.0.0.0',
        securePort: 6443,
        region: 'local',
      },
    ]);
    start.signals.emit('SIGTERM');
    expect(await code).toBe(0);
    expect(start.closed()).toBe(1);
    // npm passes a Ctrl-C on a little later: without a listener it would kill the process that is just ending.
    expect(start.signals.emit('SIGINT')).toBe(true);
  });

  it('hands its flags to the member', async () => {
    const start = surroundings();
    const flags =
      '--root-directory /data --bind-address ::1 --secure-port=0 --region eu-west --shard-external-url https://kube.example.com/ --log-level=info --webhook-networks 10.0.0.0/8,fd00::1 --enable-admission-plugins NamespaceExists,AlwaysDeny --disable-admission-plugins=ResourceQuota --event-ttl 1h30m --anonymous-auth=false --client-ca-file /c.crt --token-auth-file /t.csv --enable-bootstrap-token-auth --api-audiences a,b --service-account-issuer https://i,old --service-account-key-file /k1,/k2 --service-account-signing-key-file /s --service-account-jwks-uri https://i/keys --oidc-issuer-url https://o --oidc-client-id c --oidc-groups-claim g --oidc-required-claim a=b,c=d=e --oidc-signing-algs ES256,RS256 --oidc-ca-file /o.crt';
    const code = start.run(...flags.split(' '));
    await ready(start);
    expect(start.started).toMatchObject([
      {
        rootDirectory: '/data',
        bindAddress: '::1',
        securePort: 0,
        region: 'eu-west',
        externalUrl: 'https://kube.example.com',
        webhookNetworks: ['10.0.0.0/8', 'fd00::1'],
        admission: { enable: ['NamespaceExists', 'AlwaysDeny'], disable: ['ResourceQuota'] },
        eventTtlMs: 5_400_000,
        authentication: {
          allowsAnonymous: false,
          allowsBootstrapTokens: true,
          clientAuthorityFile: '/c.crt',
          tokenFile: '/t.csv',
          audiences: ['a', 'b'],
          serviceAccountIssuers: ['https://i', 'old'],
          serviceAccountKeyFiles: ['/k1', '/k2'],
          serviceAccountSigningKeyFile: '/s',
          serviceAccountKeysUrl: 'https://i/keys',
          oidcAuthorityFile: '/o.crt',
          oidc: {
            issuer: 'https://o',
            clientId: 'c',
            usernameClaim: 'sub',
            usernamePrefix: undefined,
            groupsClaim: 'g',
            groupsPrefix: '',
            requiredClaims: { a: 'b', c: 'd=e' },
            algorithms: ['ES256', 'RS256'],
          },
        },
      },
    ]);
    start.started[0]?.log.info('hello');
    expect(start.terminal.errText()).toMatch(/^1970-01-01T00:00:00.000Z INFO {2}hello\n$/);
    start.signals.emit('SIGINT');
    expect(await code).toBe(0);
  });

  it('logs nothing below a warning unless it is asked to', async () => {
    const start = surroundings();
    const code = start.run();
    await ready(start);
    start.started[0]?.log.info('hello');
    expect(start.terminal.errText()).toBe('');
    start.signals.emit('SIGINT');
    await code;
  });

  it('ends at once on a second signal, but not on an echo of the first', async () => {
    let finish: () => void = () => undefined;
    const closing = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const start = surroundings({ close: () => closing });
    const code = start.run();
    await ready(start);
    start.signals.emit('SIGINT');
    start.passTime(20);
    start.signals.emit('SIGINT');
    expect(start.exits).toEqual([]);
    start.passTime(1000);
    start.signals.emit('SIGINT');
    start.signals.emit('SIGTERM');
    expect(start.exits).toEqual([130, 143]);
    finish();
    expect(await code).toBe(0);
  });

  it('stops cleanly when the signal comes while it is starting', async () => {
    let finish: () => void = () => undefined;
    const open = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const start = surroundings({ open });
    const code = start.run();
    start.signals.emit('SIGTERM');
    finish();
    expect(await code).toBe(0);
    expect(start.closed()).toBe(1);
    expect(start.terminal.outText()).toBe('');
  });

  it('closes the member and fails with one line when it cannot go on', async () => {
    const start = surroundings();
    const code = start.run();
    await ready(start);
    start.fail(new Error('no space is left in /data; free some and start again'));
    expect(await code).toBe(1);
    expect(start.closed()).toBe(1);
    expect(start.terminal.errText()).toBe('error: no space is left in /data; free some and start again\n');
  });

  it('fails when the member does not close cleanly', async () => {
    const start = surroundings({ close: () => Promise.reject(new Error('disk gone')) });
    const code = start.run();
    await ready(start);
    start.signals.emit('SIGTERM');
    expect(await code).toBe(1);
    expect(start.terminal.errText()).toBe('error: stopped, but not cleanly: disk gone\n');
  });

  it.each([
    ['--nats http://x', '--nats takes URLs, such as nats://'],
    ['--nats nats://u:p@x', '--nats takes URLs without credentials'],
    ['--nats nats://x --nats-user u', 'give --nats-creds, or --nats-user together with'],
    ['--join token', '--join needs --nats'],
    ['--survive zone', '--survive zone needs --nats'],
    ['--survive region', '--survive region needs --nats'],
    ['--secure-port 65536', '--secure-port takes a number from 0 to 65535, but "65536" is none'],
    ['--secure-port 6443x', '--secure-port takes a number'],
    ['--bind-address localhost', '--bind-address takes an IP address, '],
    ['--webhook-networks 10.0.0.0/33', '--webhook-networks takes addresses and prefixes, '],
    ['--webhook-networks intranet', '--webhook-networks takes addresses and prefixes, '],
    ['--event-ttl 60', '--event-ttl takes a duration, such as 1h, 90s or 1h30m, but "60" is none'],
    ['--shard-external-url http://x', '--shard-external-url takes an https URL'],
    ['--region Europe', '--region takes a name of at most 63 lower-case letters'],
    ['--region-labels continent', '--region-labels takes labels, such as continent=europe'],
    ['--oidc-issuer-url https://o', '--oidc-issuer-url needs --oidc-client-id as well'],
    ['--oidc-client-id c', '--oidc-client-id needs --oidc-issuer-url as well'],
    ['--oidc-groups-claim g', '--oidc-groups-claim needs --oidc-issuer-url and --oidc-client-id'],
    ['--oidc-issuer-url http://o', '--oidc-issuer-url takes an https URL, '],
    ['--service-account-issuer http://o', '--service-account-issuer takes an https URL, '],
    [
      '--oidc-issuer-url https://o --oidc-client-id c --oidc-required-claim a',
      '--oidc-required-claim takes claims and values, ',
    ],
    ['--root-directory=', '--root-directory needs a directory'],
  ])('refuses %s in one line before anything is touched', async (flags, message) => {
    const start = surroundings();
    await expect(start.run(...flags.split(' '))).rejects.toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(/^[^\n]+$/) }),
    );
    await expect(start.run(...flags.split(' '))).rejects.toThrow(message);
    expect(start.started).toEqual([]);
  });

  it('accepts --survive process, which is what it does', async () => {
    const start = surroundings();
    const code = start.run('--survive', 'process');
    await ready(start);
    start.signals.emit('SIGTERM');
    expect(await code).toBe(0);
  });
});
