import { createSecureServer, type Http2SecureServer, type ServerHttp2Session } from 'node:http2';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import fastify from 'fastify';
import type { Authenticator, Credentials, User } from '../access/mod.ts';
import {
  type Api,
  type Audience,
  assertActive,
  encodeIn,
  memberAudience,
  type RequestCommits,
  readLogicalCluster,
  type Services,
  ShownUrls,
  UnknownCluster,
  WatchHub,
} from '../api/mod.ts';
import { BoundedCache, type ClusterScope, EVERYWHERE, limits, ROOT_CLUSTER } from '../base/mod.ts';
import {
  newBadRequest,
  newMethodNotAllowed,
  newServiceUnavailable,
  newTimeout,
  newTooManyRequests,
  newUnauthorized,
  statusOf,
} from '../machinery/mod.ts';
import type { ForwardedResponse, ReceivedRequest } from '../replication/mod.ts';
import { parseAccept } from './accept.ts';
import { CapturedResponse, requestOf } from './captured.ts';
import { ClientCertificates } from './client-certificates.ts';
import { answerClientError } from './client-error.ts';
import { Deadlines } from './deadlines.ts';
import { DiscoveryRoutes } from './discovery-routes.ts';
import { type FailureReport, sendError, sendNotFound, sendStatus } from './errors.ts';
import { Exchange, type RawRequest, type RawResponse } from './exchange.ts';
import {
  confirmHome,
  type Forwarding,
  forwardRequest,
  isOfSharedApi,
  needsHome,
  REGION_HEADER,
  STALENESS_HEADER,
  scopeOf,
  wantsHomeConsistency,
} from './forwarding.ts';
import { type HealthCheck, sendHealth } from './health.ts';
import { impersonate } from './impersonation.ts';
import { refuseMount, refuseUnavailable } from './mounted.ts';
import { assertRoutable } from './negotiate.ts';
import { sendOpenId } from './openid.ts';
import type { Route } from './path.ts';
import { type Place, placeOf } from './place.ts';
import type { PlanetControl } from './planet-control.ts';
import { PlanetRoutes } from './planet-routes.ts';
import { ResourceRoutes } from './resource-routes.ts';
import { limitSession } from './session-limits.ts';
import { TIMEOUTS, type Timeouts } from './timeouts.ts';
import { versionInfo } from './version.ts';

export interface FacadeOptions {
  readonly api: Api;
  readonly authenticator: Authenticator;
  /** What is served under `/services/`, by name. */
  readonly services: Services;
  readonly tls: {
    readonly certificate: string;
    readonly key: string;
    /** PEM of the CAs whose certificates say who a client is; without it, clients are asked for none. */
    readonly clientAuthorities?: string;
  };
  readonly report: FailureReport;
  /** Of a member among several; alone, it is home of everything. */
  readonly forwarding?: Forwarding;
  /** What operators see and command of the planet; absent: the member is of none. */
  readonly planet?: PlanetControl;
  /** Other time limits than those of the server, for tests. */
  readonly timeouts?: Timeouts;
}

/** The HTTPS side of a member. */
export interface Facade {
  /** Resolves with the port. Rejects with Node's error, `EADDRINUSE` among others. */
  listen(address: { readonly host: string; readonly port: number }): Promise<number>;
  /** Carries out a request that another member has taken, from its place on; resolves when nothing of it is at work. */
  carryOut(received: ReceivedRequest): Promise<ForwardedResponse>;
  /** Says "not ready", ends the watches, lets requests finish, and closes every connection. */
  close(): Promise<void>;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
// Upstream advertises 100 and more; every informer holds one stream.
const HTTP2_STREAMS_MAX = 1000;
/** All that is below it is asked for as this path: what a service's name and parameters are is nobody's to tell. */
const SERVICES_PATH = '/services';
/** Of a planet. */
const MEMBERS_MAX = 1024;
const DRAIN_MS = 3_000;
const GOODBYE_MS = 250;

/** Puts the server together; it does not listen yet. */
export function createFacade(options: FacadeOptions): Facade {
  const timeouts = options.timeouts ?? TIMEOUTS;
  const watches = new WatchHub(options.api);
  const certificates = new ClientCertificates();
  const router = new Router(options, { watches, certificates });
  const sessions = new Set<ServerHttp2Session>();
  const app = fastify({
    http2: true,
    https: null as never,
    serverFactory: (serve) =>
      createSecureServer(
        {
          allowHTTP1: true,
          cert: options.tls.certificate,
          key: options.tls.key,
          ...clientCertificateOptions(options.tls.clientAuthorities),
          minVersion: 'TLSv1.2',
          settings: { maxConcurrentStreams: HTTP2_STREAMS_MAX },
          handshakeTimeout: timeouts.headersMs,
        },
        (request, response) => {
          // Fastify answers methods that it does not know by itself, and not with a Status.
          if (isKnownMethod(request.method)) serve(request as never, response as never);
          else void router.serve(request, response);
        },
      ) as never,
    clientErrorHandler: answerClientError as never,
    // Paths are routed raw: names with colons and encoded characters are not a router's business.
    rewriteUrl: () => '/',
    forceCloseConnections: false,
    // What a member says that stops is the router's business as well.
    return503OnClosing: false,
    keepAliveTimeout: timeouts.idleMs,
    requestTimeout: timeouts.requestMs,
  });
  app.route({
    method: [...METHODS],
    url: '/',
    // Before Fastify looks at the body: bodies are read, limited and inflated by us.
    onRequest: (request, reply) => {
      reply.hijack();
      void router.serve(request.raw as unknown as RawRequest, reply.raw as unknown as RawResponse);
    },
    handler: () => {},
  });
  const server = app.server as unknown as Http2SecureServer & HttpsServer;
  // Node's HTTP/2 server hands this on to the parser of HTTP/1.1 connections, but takes no option for it.
  (server as { maxHeaderSize?: number }).maxHeaderSize = limits.headerBytesMax;
  // Their bytes bound them. Of more than a number Node would say nothing and drop the rest, be it Impersonate-User.
  (server as { maxHeadersCount?: number }).maxHeadersCount = 0;
  server.headersTimeout = timeouts.headersMs;
  server.requestTimeout = timeouts.requestMs;
  server.keepAliveTimeout = timeouts.idleMs;
  // No option of an HTTP/2 server either; it is read when the server begins to listen.
  (server as { connectionsCheckingInterval?: number }).connectionsCheckingInterval = timeouts.checkMs;
  certificates.watch(server);
  server.on('session', (session: ServerHttp2Session) => {
    limitSession(session, timeouts);
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  // Node can close the connections of its HTTP/1.1 servers, but not those of an HTTP/2 server that allows both.
  const connections = new Set<Socket>();
  const http1Connections = new Set<TLSSocket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('secureConnection', (socket) => {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    if (socket.alpnProtocol === 'h2') return;
    http1Connections.add(socket);
    socket.once('close', () => http1Connections.delete(socket));
  });
  return {
    carryOut: (received) => router.carryOut(received),
    async listen({ host, port }) {
      await app.listen({ host, port });
      const address = server.address();
      return typeof address === 'object' && address !== null ? address.port : port;
    },
    async close() {
      router.startStopping();
      watches.close();
      const late = setTimeout(() => router.giveUp(), DRAIN_MS);
      // Whoever asks meanwhile, on a new connection too, hears that this member is alive but not ready.
      await router.idle;
      clearTimeout(late);
      for (const session of sessions) session.close();
      const closed = app.close();
      // Nothing is open on them: what was sent goes out, and that is all.
      for (const connection of http1Connections) connection.destroySoon();
      // An HTTP/2 session may wait for its client's goodbye, and what stalls waits for nothing at all.
      const goodbye = setTimeout(() => {
        for (const session of sessions) session.destroy();
        for (const connection of connections) connection.destroy();
      }, GOODBYE_MS);
      await closed;
      clearTimeout(goodbye);
    },
  };
}

/** A certificate is asked for, but not demanded: most clients come with a token. */
function clientCertificateOptions(authorities: string | undefined) {
  if (authorities === undefined) return {};
  return { ca: authorities, requestCert: true, rejectUnauthorized: false };
}

function isKnownMethod(method: string): boolean {
  return (METHODS as readonly string[]).includes(method);
}

class Router {
  readonly #options: FacadeOptions;
  readonly #certificates: ClientCertificates;
  readonly #discovery: DiscoveryRoutes;
  readonly #resources: ResourceRoutes;
  readonly #planet: PlanetRoutes;
  readonly #checks: readonly HealthCheck[];
  /** How members show URLs: by where clients reach them. */
  readonly #urlsOf = new BoundedCache<string, ShownUrls>(MEMBERS_MAX);
  /** Resolves when no request is open, once it is stopping; or when it is told not to wait any more. */
  readonly idle: Promise<void>;
  readonly #deadlines: Deadlines<Exchange>;
  #becomeIdle: () => void = () => {};
  #openRequests = 0;
  #isStopping = false;

  constructor(
    options: FacadeOptions,
    parts: { readonly watches: WatchHub; readonly certificates: ClientCertificates },
  ) {
    this.#options = options;
    this.#certificates = parts.certificates;
    this.#discovery = new DiscoveryRoutes(options.api);
    this.#resources = new ResourceRoutes(options.api, parts.watches);
    this.#planet = new PlanetRoutes(options.planet);
    this.#deadlines = new Deadlines(options.api.clock, (exchange) => this.#expire(exchange));
    this.idle = new Promise((resolve) => {
      this.#becomeIdle = resolve;
    });
    const all = ['healthz', 'livez', 'readyz'];
    const { store } = options.api;
    this.#checks = [
      { name: 'ping', endpoints: all, failure: () => undefined },
      { name: 'log', endpoints: all, failure: () => store.failure?.message },
      {
        name: 'shutdown',
        endpoints: ['readyz'],
        failure: () => (this.#isStopping ? 'process is shutting down' : undefined),
      },
    ];
  }

  startStopping(): void {
    this.#isStopping = true;
    if (this.#openRequests === 0) this.#becomeIdle();
  }

  /** Ends the wait for open requests. */
  giveUp(): void {
    this.#becomeIdle();
  }

  /** A request is open until its response has been sent, or its connection has ended. */
  #open(request: RawRequest, response: RawResponse, forwarded?: ForwardedParts): Exchange {
    const { responseMs } = this.#options.timeouts ?? TIMEOUTS;
    const exchange = new Exchange({
      request,
      response,
      url: (request as { originalUrl?: string }).originalUrl ?? request.url ?? '/',
      startedMs: this.#options.api.clock.monotonicMs(),
      marks: { [REGION_HEADER]: this.#options.api.region },
      ...forwarded,
      timeoutMs: Math.min(forwarded?.timeoutMs ?? responseMs, responseMs),
    });
    this.#openRequests += 1;
    this.#deadlines.begin(exchange);
    response.once('close', () => {
      this.#deadlines.end(exchange);
      this.#openRequests -= 1;
      if (this.#isStopping && this.#openRequests === 0) this.#becomeIdle();
    });
    return exchange;
  }

  #expire(exchange: Exchange): void {
    const context = { user: undefined, report: this.#options.report };
    exchange.expire(this.#options.api.clock.monotonicMs(), (error) => sendError(exchange, error, context));
  }

  /** Never rejects: whatever goes wrong becomes a response, or the end of the connection. */
  async serve(request: RawRequest, response: RawResponse): Promise<void> {
    const exchange = this.#open(request, response);
    // Nobody reads the errors of a connection that the client broke off; its close event is enough.
    request.on('error', () => {});
    response.on('error', () => {});
    let user: User | undefined;
    try {
      if (this.#servePublic(exchange)) return;
      // Nearly always known at once: only the first use of a token may take a while.
      const found = this.#options.authenticator.authenticate(this.#credentialsOf(exchange));
      user = found instanceof Promise ? await found : found;
      if (user === undefined) return sendStatus(exchange, newUnauthorized());
      await this.#serveUser(exchange, user);
    } catch (error) {
      sendError(exchange, error, { user, report: this.#options.report });
    } finally {
      // A body that nobody wanted is still on its way: let it pass, so that the connection can go on.
      if (!request.readableEnded) request.resume();
    }
  }

  /**
   * Carries out what another member has taken: everything but finding out who it is, in the same way and by the same code as
   * what comes by a connection. It is never handed on once more.
   */
  async carryOut({ request, from, commitIdOf }: ReceivedRequest): Promise<ForwardedResponse> {
    const { api, forwarding } = this.#options;
    const response = new CapturedResponse();
    const ended = new Promise<void>((resolve) => response.once('close', () => resolve()));
    response.on('error', () => {});
    const shownRevisions: number[] = [];
    const audience = memberAudience({
      urls: this.#urlsOf.getOrMake(request.baseUrl, () => new ShownUrls(() => request.baseUrl)),
      number: request.memberNumber,
      shown: request.shown,
      note: (revision) => shownRevisions.push(revision),
    });
    const exchange = this.#open(requestOf(request), response.raw, {
      audience,
      commits: { originRegion: from.region, idOf: commitIdOf },
      timeoutMs: request.leftMs,
    });
    const context = { user: request.user, report: this.#options.report };
    let place: Place | undefined;
    try {
      place = this.#placeOf(exchange, request.user);
      const isHome = place === undefined || forwarding?.homeOf(place.cluster) === undefined;
      if (!isHome) throw newServiceUnavailable('the home of the logical cluster is elsewhere', 1);
      if (!needsHome(api, exchange, exchange.routed)) throw newBadRequest('this is not to be forwarded');
      // Its answer would be of this region's log. When the replica there knows the API, it is carried out there.
      if (isOfSharedApi(api, place, exchange.routed)) throw newServiceUnavailable('the API has just come', 1);
      await this.#serveUser(exchange, request.user);
    } catch (error) {
      sendError(exchange, error, context);
    }
    await ended;
    const { revision } = api.store;
    const { headers } = response;
    const answer = { headers, revision, shownRevisions, isUnknown: false };
    const { body, statusCode: status } = response;
    if (response.isWhole && status < 400) return { ...answer, status, body };
    const isCarriedOut = await this.#isCarriedOut(place, commitIdOf(''));
    if (response.isWhole && !isCarriedOut) return { ...answer, status, body, isUnknown: status === 504 };
    // What was done must not be denied: it is no fault of the first time that it would not be done again.
    const detail = isCarriedOut
      ? 'the request was carried out, but what it came to cannot be shown any more'
      : 'the request was carried out, at least in part, but its answer is too large to be handed on';
    const bytes = encodeIn({ media: 'json', isPretty: false }, statusOf(newTimeout(detail)));
    return { ...answer, status: 504, headers: [['content-type', 'application/json']], body: bytes };
  }

  /** Whether the log has what a request was to commit; also when nobody knows yet. */
  async #isCarriedOut(place: Place | undefined, commitId: Uint8Array): Promise<boolean> {
    if (place === undefined || place.cluster === EVERYWHERE) return false;
    try {
      return (await this.#options.api.store.committed(place.cluster, commitId)) !== undefined;
    } catch {
      // Of its place in the log nobody knows whether it counts. The answer, a 504, says so.
      return false;
    }
  }

  #placeOf(exchange: Exchange, user: User): Place | undefined {
    const { services, api } = this.#options;
    return placeOf(exchange.routed, user, { services, paths: api.paths });
  }

  /** What is asked about who makes a request; identity in any other header is not looked at. */
  #credentialsOf(exchange: Exchange): Credentials {
    const { request } = exchange;
    return { authorization: exchange.header('authorization'), certificate: this.#certificates.of(request) };
  }

  /** The explicit list of what is answered without credentials. */
  #servePublic(exchange: Exchange): boolean {
    const { route, prefix } = exchange.routed;
    if (prefix !== '' || exchange.method !== 'GET') return false;
    if (route.kind === 'health') {
      sendHealth(exchange, { ...route, checks: this.#checks });
      return true;
    }
    if (route.kind !== 'version') return false;
    sendVersion(exchange);
    return true;
  }

  async #serveUser(exchange: Exchange, requester: User): Promise<void> {
    const { route, path } = exchange.routed;
    const { api, forwarding } = this.#options;
    let place = this.#placeOf(exchange, requester);
    if (this.#isStopping) {
      // HTTP/2 has no such header; its sessions are told to go away when they are closed.
      if (exchange.request.httpVersionMajor < 2) exchange.response.setHeader('Connection', 'close');
      throw newTooManyRequests('the server is shutting down', 1);
    }
    const { access } = api;
    // The one place where it is decided where a request is carried out. What was forwarded stays here.
    if (forwarding !== undefined && exchange.audience === undefined) {
      const home = forwarding.homeOf(scopeOf(place));
      const { routed } = exchange;
      const isForHome = needsHome(api, exchange, routed);
      if (isForHome && !(home !== undefined && isOfSharedApi(api, place, routed))) {
        if (home !== undefined && place !== undefined)
          return forwardRequest(
            { api, forwarding },
            { exchange, user: requester, place, home, carried: this.#planet.carried(exchange) },
          );
      } else if (wantsHomeConsistency(exchange)) {
        await confirmHome(forwarding, { exchange, cluster: scopeOf(place), clock: api.clock });
        // What a path names may only now be known here.
        place = this.#placeOf(exchange, requester);
      } else {
        const stalenessMs = forwarding.stalenessMs(scopeOf(place));
        if (stalenessMs !== undefined) exchange.mark(STALENESS_HEADER, String(Math.ceil(stalenessMs)));
      }
    }
    if (place === undefined && exchange.routed.service !== undefined) {
      // What names no service is a path of the root that leads nowhere, and only those hear so who may ask for it.
      const verb = exchange.method.toLowerCase();
      await access.authorize({ user: requester, cluster: ROOT_CLUSTER, verb, path: SERVICES_PATH });
      return sendNotFound(exchange);
    }
    if (place === undefined) throw new UnknownCluster();
    const { cluster, view, home, isUnavailable, mount } = place;
    const asked = impersonate(exchange, access, { user: requester, cluster: home });
    const { user, vouchers } = asked === undefined ? { user: requester, vouchers: undefined } : await asked;
    // Health is the member's, and everybody's to ask: what has no checks below it answers for every name, so that it
    // does not tell which of them there are.
    const isHealth = route.kind === 'health' && route.check === '';
    if (mount !== undefined && !isHealth) return refuseMount(access, user, mount);
    if (isUnavailable && !isHealth) return refuseUnavailable(access, user, cluster);
    if (route.kind === 'resource') {
      return this.#resources.serve(exchange, { user, cluster, view, path: route, vouchers });
    }
    exchange.limitTime();
    await access.authorize(
      { user, cluster, view, verb: exchange.method.toLowerCase(), path },
      vouchers === undefined ? {} : { vouchers },
    );
    // Nor does a view tell by its own paths whether a logical cluster exists.
    if (view === undefined && !isHealth) this.#assertCluster(cluster, route);
    if (route.kind === 'unknown') return sendNotFound(exchange);
    if (route.kind === 'planet')
      return this.#planet.serve(exchange, place, { segments: route.segments, actor: user.name });
    if (exchange.method !== 'GET') {
      throw newMethodNotAllowed({ group: '', resource: path }, exchange.method.toLowerCase());
    }
    if (route.kind === 'version') return sendVersion(exchange);
    if (route.kind === 'health') return sendHealth(exchange, { ...route, checks: this.#checks });
    if (route.kind === 'openid-configuration' || route.kind === 'openid-keys') {
      return sendOpenId(exchange, route.kind, this.#options.api.serviceAccounts);
    }
    await this.#discovery.serve(exchange, place, route);
  }

  #assertCluster(cluster: ClusterScope, route: Route): void {
    if (cluster === EVERYWHERE) return;
    const row = readLogicalCluster(this.#options.api, cluster);
    if (row === undefined) throw new UnknownCluster();
    if (!route.kind.startsWith('openapi')) assertActive(cluster, row);
  }
}

/** What a request that was forwarded has beside it. */
interface ForwardedParts {
  readonly commits: RequestCommits;
  readonly audience: Audience;
  readonly timeoutMs: number;
}

/** Always JSON, and always indented. */
function sendVersion(exchange: Exchange): void {
  assertRoutable(parseAccept(exchange.header('accept')), 'application/json');
  exchange.send(
    { code: 200, contentType: 'application/json' },
    encodeIn({ media: 'json', isPretty: true }, versionInfo),
  );
}
