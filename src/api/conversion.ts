import { type LogicalCluster, limits, type NetResponse } from '../base/mod.ts';
import {
  type ConversionWebhook,
  coerceConverted,
  conversionReview,
  type Definition,
  printKind,
  readConversionReview,
  readCustomResource,
} from '../definitions/mod.ts';
import { encodeJson, goQuote, type KubeObject, objectOf, StatusError } from '../machinery/mod.ts';
import type { Row } from '../store/mod.ts';
import type { Api } from './api.ts';
import { decodeStored, encodeRow, isStoredIn, storedVersionOf, tidyMetadata } from './row-codec.ts';
import { apiVersionOf } from './target.ts';

/**
 * What can be given up. Handed on whole, since a request only gets a signal of its own when somebody asks for
 * it, and most have nothing converted.
 */
interface Cancellable {
  readonly signal: AbortSignal;
}

/** A kind, whose objects are meant, and the version in which they are to be shown or stored. */
interface InVersion {
  readonly cluster: LogicalCluster;
  readonly definition: Definition;
  readonly version: string;
}

/**
 * Stored rows, of which those that only a webhook can convert are replaced by what it makes of them: bytes,
 * labels and fields are then those of `version`. All of them are asked for in one call. The rows themselves,
 * at once, when there is nothing to ask: built-in kinds, strategy None, and what is stored in that version.
 *
 * Rejects with `StatusError` 500 when the webhook fails.
 */
export function rowsInVersion<R extends Row>(
  api: Api,
  { cluster, definition, version }: InVersion,
  rows: readonly R[],
  caller?: Cancellable,
): readonly R[] | Promise<readonly R[]> {
  const { conversion } = definition;
  if (conversion === undefined) return rows;
  const foreign = rows.filter((row) => !isStoredIn(definition, version, row));
  if (foreign.length === 0) return rows;
  return convertRows(api, { cluster, definition, version, conversion }, foreign, caller?.signal).then(
    (converted) => {
      const replaced = new Map<R, R>(foreign.map((row, index) => [row, { ...row, ...converted[index]! }]));
      return rows.map((row) => replaced.get(row) ?? row);
    },
  );
}

/** The same for one row. */
export function rowInVersion<R extends Row>(
  api: Api,
  view: InVersion,
  row: R,
  caller?: Cancellable,
): R | Promise<R> {
  // Most kinds have no webhook: this is on the way of every read.
  if (view.definition.conversion === undefined) return row;
  const rows = rowsInVersion(api, view, [row], caller);
  return rows instanceof Promise ? rows.then(([converted]) => converted!) : row;
}

/**
 * The object of a write, which comes in a served version, as it is to be stored: for kinds with a webhook in
 * the storage version, for all others as it is (`encodeRow` does the rest).
 */
export async function objectForStorage(
  api: Api,
  { cluster, definition, version }: InVersion,
  object: KubeObject,
  caller?: Cancellable,
): Promise<{ readonly object: KubeObject; readonly version: string }> {
  const { conversion, storageVersion } = definition;
  if (conversion === undefined || version === storageVersion) return { object, version };
  // Nobody but the server itself is to see what is never stored.
  tidyMetadata(object.metadata);
  delete object.metadata.resourceVersion;
  const target = { cluster, definition, version: storageVersion, conversion };
  const stored = (await call(api, target, [object], caller?.signal))[0]!;
  const schema = definition.versions.find(({ name }) => name === storageVersion);
  // What every read of the storage version would add, so that its bytes can be copied.
  if (schema !== undefined) readCustomResource(stored, schema);
  return { object: stored, version: storageVersion };
}

/** An object in another version, whoever has to convert it: at once when nobody has to be asked. */
export function objectInVersion(
  api: Api,
  { cluster, definition, version }: InVersion,
  object: KubeObject,
): KubeObject | Promise<KubeObject> {
  const { conversion } = definition;
  if (conversion === undefined) return definition.convert?.(object, version) ?? object;
  const apiVersion = apiVersionOf(definition.group, version);
  if (object.apiVersion === apiVersion) return object;
  // Upstream does not bother webhooks with objects of which nothing is set.
  if (isEmpty(object)) return objectOf({ ...object, apiVersion }) as KubeObject;
  return call(api, { cluster, definition, version, conversion }, [object], undefined).then(
    ([converted]) => converted!,
  );
}

function isEmpty({ metadata, ...rest }: KubeObject): boolean {
  return Object.keys(metadata).length === 0 && Object.keys(rest).length <= 2;
}

async function convertRows(
  api: Api,
  target: InVersion & { readonly conversion: ConversionWebhook },
  rows: readonly Row[],
  signal: AbortSignal | undefined,
): Promise<readonly Partial<Row>[]> {
  const { definition, version } = target;
  const objects = rows.map((row) => decodeStored(definition, storedVersionOf(definition, row), row));
  const converted = await call(api, target, objects, signal);
  // The row of an object in the version that is shown, as if it were stored in it.
  return converted.map((object) => encodeRow({ ...definition, storageVersion: version }, version, object));
}

/** Asks the webhook. The objects come back in order, and in the form that the schema gives them. */
async function call(
  api: Api,
  target: InVersion & { readonly conversion: ConversionWebhook },
  originals: readonly KubeObject[],
  signal: AbortSignal | undefined,
): Promise<KubeObject[]> {
  const { cluster, definition, version, conversion } = target;
  const desiredApiVersion = apiVersionOf(definition.group, version);
  const schema = definition.versions.find(({ name }) => name === version);
  try {
    const { reviewVersion } = conversion;
    if (reviewVersion === undefined) throw new Error('no supported conversion review versions');
    const uid = api.random.uuid();
    const review = conversionReview({ version: reviewVersion, uid, desiredApiVersion, objects: originals });
    const body = await post(api, { cluster, conversion, originals, body: encodeJson(review), signal });
    const converted = readConversionReview({
      body,
      version: reviewVersion,
      uid,
      desiredApiVersion,
      originals,
    });
    if (schema !== undefined) for (const object of converted) coerceConverted(object, schema);
    return converted;
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new StatusError({ code: 500, reason: '', message, cause });
  }
}

async function post(
  api: Api,
  request: {
    readonly cluster: LogicalCluster;
    readonly conversion: ConversionWebhook;
    readonly originals: readonly KubeObject[];
    readonly body: string;
    readonly signal: AbortSignal | undefined;
  },
): Promise<Buffer> {
  const { cluster, conversion, originals, body, signal } = request;
  const prefix = `conversion webhook for ${printKind(originals[0]!)} failed: `;
  const url = urlOf(conversion);
  if (conversion.service !== undefined) {
    // There are no services here that could have an address.
    throw new Error(`${prefix}Post ${JSON.stringify(url)}: service "${conversion.service.name}" not found`);
  }
  try {
    const answer = await api.net.post({
      cluster,
      url,
      ca: conversion.ca,
      contentType: 'application/json',
      body: Buffer.from(body),
      timeoutMs: limits.conversionTimeoutMs,
      responseBytesMax: limits.webhookResponseBytesMax,
      ...(signal === undefined ? {} : { signal }),
    });
    const { code, contentType, body: bytes } = answer;
    if (code < 200 || code > 206) throw new Error(refusal(answer));
    if (bytes.length > 0) return bytes;
    throw new Error(`0-length response with status code: ${code} and content type: ${contentType}`);
  } catch (cause) {
    throw new Error(`${prefix}${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function urlOf({ url, service }: ConversionWebhook): string {
  const base =
    service === undefined
      ? (url ?? '')
      : `https://${service.name}.${service.namespace}.svc:${service.port}${service.path}`;
  return `${base}?timeout=${limits.conversionTimeoutMs / 1000}s`;
}

/** What client-go says of an answer that is no success. It believes bodies that are plain text. */
function refusal({ code, contentType, body }: NetResponse): string {
  const text = body.subarray(0, REFUSAL_BYTES_SHOWN).toString().trim();
  const said = contentType.startsWith('text/') && text !== '' ? text : 'unknown';
  switch (code) {
    case 400:
      return 'the server rejected our request for an unknown reason';
    case 401:
      return 'the server has asked for the client to provide credentials';
    case 403:
    case 406:
    case 415:
      return said;
    case 404:
      return 'the server could not find the requested resource';
    case 405:
      return 'the server does not allow this method on the requested resource';
    case 409:
      return 'the server reported a conflict';
    case 422:
      return 'the server rejected our request due to an error in our request';
    case 429:
      return 'the server has received too many requests and has asked us to try again later';
    case 503:
      return 'the server is currently unable to handle the request';
    case 504:
      return 'the server was unable to return a response in the time allotted, but may still be processing the request';
    default:
      if (code >= 500) {
        return `an error on the server (${goQuote(said)}) has prevented the request from succeeding`;
      }
      return `the server responded with the status code ${code} but did not return more information`;
  }
}

const REFUSAL_BYTES_SHOWN = 2_048;
