import {
  type Api,
  aggregatedDiscovery,
  aggregatedETag,
  encodeIn,
  legacyCoreVersions,
  legacyGroup,
  legacyGroupList,
  legacyResourceList,
  openApiV2,
  openApiV2Protobuf,
  openApiV3Document,
  openApiV3Index,
  openApiV3Protobuf,
  readLogicalCluster,
  rootPaths,
  UnknownCluster,
} from '../api/mod.ts';
import { BoundedCache, EVERYWHERE } from '../base/mod.ts';
import type { DefinitionSet } from '../definitions/mod.ts';
import { encodeJson, type JsonObject, objectOf } from '../machinery/mod.ts';
import { parseAccept } from './accept.ts';
import { sendNotFound } from './errors.ts';
import type { Exchange } from './exchange.ts';
import { contentTypeOf, negotiate } from './negotiate.ts';
import type { Route } from './path.ts';
import type { Place } from './place.ts';

const V2_PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const V3_PROTOBUF = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf';
const PLAIN_ANSWER = { code: 200, contentType: 'application/json' };
const YEAR_MS = 365 * 24 * 3600 * 1000;
// Encoded documents, shared by all clusters with the same kinds: the key holds the hash of the set.
const DOCUMENTS_CACHED_MAX = 64;

/** The routes that say what a logical cluster can do. */
export class DiscoveryRoutes {
  readonly #api: Api;
  readonly #encoded = new BoundedCache<string, { readonly body: Buffer; readonly etag: string }>(
    DOCUMENTS_CACHED_MAX,
  );

  constructor(api: Api) {
    this.#api = api;
  }

  /** Answers one of the discovery or OpenAPI routes. */
  async serve(exchange: Exchange, place: Place, route: Route): Promise<void> {
    const set = await this.#kindsOf(place);
    switch (route.kind) {
      case 'root':
        return exchange.send(
          PLAIN_ANSWER,
          encodeIn({ media: 'json', isPretty: exchange.isPretty }, rootPaths(set)),
        );
      case 'core-versions':
        if (this.#sendAggregated(exchange, set, '/api')) return;
        return this.#sendJson(
          exchange,
          legacyCoreVersions(exchange.header('host') ?? exchange.header(':authority') ?? ''),
        );
      case 'groups':
        if (this.#sendAggregated(exchange, set, '/apis')) return;
        return this.#sendJson(exchange, legacyGroupList(set));
      case 'group':
        return this.#sendFound(exchange, legacyGroup(set, route.group));
      case 'resources':
        return this.#sendFound(exchange, legacyResourceList(set, route.group, route.version));
      case 'openapi-v2':
        return this.#sendOpenApiV2(exchange, set);
      case 'openapi-v3-index':
        return this.#sendOpenApiV3Index(exchange, set);
      case 'openapi-v3':
        return this.#sendOpenApiV3(exchange, set, route.document);
      default:
        return sendNotFound(exchange);
    }
  }

  #kindsOf({ cluster, view }: Place): Promise<DefinitionSet> | DefinitionSet {
    if (view !== undefined) return view.kinds();
    if (cluster === EVERYWHERE) return this.#api.registry.sharedSet();
    if (readLogicalCluster(this.#api, cluster) === undefined) throw new UnknownCluster();
    return this.#api.registry.setOf(cluster);
  }

  #sendFound(exchange: Exchange, object: JsonObject | undefined): void {
    if (object === undefined) sendNotFound(exchange);
    else this.#sendJson(exchange, object);
  }

  #sendJson(exchange: Exchange, object: JsonObject): void {
    const format = negotiate({
      accept: exchange.header('accept'),
      includeObject: undefined,
      isPretty: exchange.isPretty,
      offer: {
        isBuiltin: true,
        isCollection: false,
        allowsTransforms: false,
        prefersJson: false,
        isStream: false,
      },
    });
    const answer = { code: 200, contentType: contentTypeOf(format, { isStream: false }) };
    // Only JSON leaves out the version of APIVersions, for the sake of very old clients.
    const isUntyped = format.media === 'protobuf' && !('apiVersion' in object);
    exchange.send(answer, encodeIn(format, isUntyped ? objectOf({ ...object, apiVersion: 'v1' }) : object));
  }

  /** The aggregated form, when the client's first clause that can be served asks for it. */
  #sendAggregated(exchange: Exchange, set: DefinitionSet, path: '/api' | '/apis'): boolean {
    for (const { mediaType, parameters } of parseAccept(exchange.header('accept'))) {
      if (mediaType !== 'application/json' && mediaType !== 'application/vnd.kubernetes.protobuf')
        return false;
      const as = parameters.get('as');
      if (as === undefined) return false;
      const version = parameters.get('v');
      const isKnown = as === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io';
      if (!isKnown || mediaType !== 'application/json') continue;
      if (version !== 'v2' && version !== 'v2beta1') continue;
      const key = `${set.hash} ${path} ${version}`;
      const document = this.#encoded.getOrMake(key, () => {
        const text = encodeJson(aggregatedDiscovery(set, { path, version }));
        return { body: Buffer.from(text), etag: aggregatedETag(text) };
      });
      const contentType = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
      this.#sendTagged(exchange, { ...document, contentType, headers: { 'Cache-Control': 'public' } });
      return true;
    }
    return false;
  }

  #sendOpenApiV2(exchange: Exchange, set: DefinitionSet): void {
    const { text, etag } = openApiV2(set);
    const isProtobuf = acceptsProtobuf(exchange, 'v2');
    if (isProtobuf === undefined) return sendNotAcceptable(exchange);
    if (isProtobuf) {
      const { body } = this.#encoded.getOrMake(`${set.hash} v2`, () => ({
        body: Buffer.from(openApiV2Protobuf(text)),
        etag,
      }));
      return this.#sendTagged(exchange, { body, etag, contentType: V2_PROTOBUF });
    }
    this.#sendTagged(exchange, { body: Buffer.from(text), etag, contentType: 'application/json' });
  }

  #sendOpenApiV3Index(exchange: Exchange, set: DefinitionSet): void {
    const { text, etag } = openApiV3Index(set);
    const { prefix } = exchange.routed;
    // URLs in the index start at the root of the server, also for a workspace below it.
    const body = prefix === '' ? text : text.replaceAll('"/openapi/v3/', `"${prefix}/openapi/v3/`);
    this.#sendTagged(exchange, { body: Buffer.from(body), etag, contentType: 'application/json' });
  }

  #sendOpenApiV3(exchange: Exchange, set: DefinitionSet, name: string): void {
    const document = openApiV3Document(set, name);
    if (document === undefined) return sendNotFound(exchange);
    const wanted = exchange.query.first('hash');
    if (wanted !== undefined && wanted !== '' && wanted !== document.hash) {
      const location = `${exchange.routed.prefix}/openapi/v3/${name}?hash=${document.hash}`;
      return exchange.send(
        { code: 301, contentType: 'text/plain', headers: { Location: location } },
        Buffer.alloc(0),
      );
    }
    // A URL with the hash names these bytes for ever: clients keep them on disk.
    const headers: Record<string, string> =
      wanted === document.hash
        ? { 'Cache-Control': 'public, immutable', Expires: new Date(Date.now() + YEAR_MS).toUTCString() }
        : {};
    const etag = `"${document.hash}"`;
    const isProtobuf = acceptsProtobuf(exchange, 'v3');
    if (isProtobuf === undefined) return sendNotAcceptable(exchange);
    if (isProtobuf) {
      const { body } = this.#encoded.getOrMake(document.hash, () => ({
        body: Buffer.from(openApiV3Protobuf(document.text)),
        etag,
      }));
      return this.#sendTagged(exchange, { body, etag, contentType: V3_PROTOBUF, headers });
    }
    this.#sendTagged(exchange, {
      body: Buffer.from(document.text),
      etag,
      contentType: 'application/json',
      headers,
    });
  }

  #sendTagged(
    exchange: Exchange,
    document: {
      readonly body: Buffer;
      readonly etag: string;
      readonly contentType: string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ): void {
    const { body, etag, contentType } = document;
    const headers = { ...document.headers, ETag: etag, Vary: 'Accept' };
    if (exchange.header('if-none-match') === etag)
      return exchange.send({ code: 304, contentType, headers }, Buffer.alloc(0));
    exchange.send({ code: 200, contentType, headers }, body);
  }
}

/**
 * Both spellings of the OpenAPI protobuf type are understood, whichever comes before JSON. Undefined when the
 * client takes neither: then upstream answers with an empty 406.
 */
function acceptsProtobuf(exchange: Exchange, version: 'v2' | 'v3'): boolean | undefined {
  for (const { mediaType } of parseAccept(exchange.header('accept'))) {
    if (mediaType === `application/com.github.proto-openapi.spec.${version}.v1.0+protobuf`) return true;
    if (mediaType === `application/com.github.proto-openapi.spec.${version}@v1.0+protobuf`) return true;
    if (mediaType === 'application/json' || mediaType === '*/*' || mediaType === 'application/*')
      return false;
  }
  return undefined;
}

function sendNotAcceptable(exchange: Exchange): void {
  exchange.send({ code: 406, contentType: 'text/plain; charset=utf-8' }, Buffer.alloc(0));
}
