import {
  aggregateErrors,
  deepCopy,
  deepEqual,
  encodeJson,
  goQuote,
  goTypeName,
  isObject,
  type JsonObject,
  type JsonValue,
  type KubeObject,
  newObject,
  objectAt,
  objectOf,
  parseJson,
  textAt,
  textsAt,
  validateAnnotations,
  validateLabels,
} from '../../machinery/mod.ts';

/** Where and how the versions of a kind are converted by somebody else. */
export interface ConversionWebhook {
  readonly url: string | undefined;
  /** Instead of a URL: a service of the cluster. */
  readonly service: ServiceReference | undefined;
  /** PEM; undefined for the authorities of the system. */
  readonly ca: string | undefined;
  readonly reviewVersion: ReviewVersion | undefined;
}

export interface ServiceReference {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
  readonly path: string;
}

type ReviewVersion = 'v1' | 'v1beta1';

/** The webhook of `spec.conversion`; undefined with strategy None. */
export function conversionWebhookOf(spec: JsonObject): ConversionWebhook | undefined {
  const conversion = objectAt(spec, 'conversion');
  if (conversion === undefined || conversion['strategy'] !== 'Webhook') return undefined;
  const webhook = objectAt(conversion, 'webhook');
  const config = objectAt(webhook, 'clientConfig');
  const service = objectAt(config, 'service');
  const port = service?.['port'];
  const ca = Buffer.from(textAt(config, 'caBundle'), 'base64').toString().trim();
  return {
    url: textAt(config, 'url') || undefined,
    service:
      service === undefined
        ? undefined
        : {
            namespace: textAt(service, 'namespace'),
            name: textAt(service, 'name'),
            port: typeof port === 'number' ? port : 443,
            path: textAt(service, 'path'),
          },
    ca: ca === '' ? undefined : ca,
    reviewVersion: textsAt(webhook, 'conversionReviewVersions').find(isReviewVersion),
  };
}

/** The body of the request that asks a webhook for objects in another version (apiextensions ConversionReview). */
export function conversionReview(request: {
  readonly version: ReviewVersion;
  readonly uid: string;
  readonly desiredApiVersion: string;
  readonly objects: readonly KubeObject[];
}): JsonObject {
  const { version, uid, desiredApiVersion, objects } = request;
  return objectOf({
    kind: 'ConversionReview',
    apiVersion: `${REVIEW_GROUP}/${version}`,
    request: objectOf({ uid, desiredAPIVersion: desiredApiVersion, objects: [...objects] }),
    // What Go's encoder makes of the empty response that upstream sends along.
    response: objectOf({
      uid: '',
      convertedObjects: null,
      result: objectOf({ metadata: objectOf({}) }),
    }),
  });
}

/**
 * The converted objects of an answer, in the order of those that were sent. Labels and annotations are the
 * webhook's, all other metadata stays what it was. Throws an `Error` with upstream's text for everything
 * that a webhook can do wrong.
 */
export function readConversionReview(answer: {
  readonly body: Buffer;
  readonly version: ReviewVersion;
  readonly uid: string;
  readonly desiredApiVersion: string;
  readonly originals: readonly KubeObject[];
}): KubeObject[] {
  const { originals, desiredApiVersion } = answer;
  const kind = originals[0] === undefined ? '' : printKind(originals[0]);
  const converted = within(`conversion webhook for ${kind} failed: `, () => convertedObjectsOf(answer));
  if (converted.length !== originals.length) {
    throw new Error(
      `conversion webhook for ${kind} returned ${converted.length} objects, expected ${originals.length}`,
    );
  }
  return originals.map((original, index) => {
    const object = converted[index];
    assertDecodable(object);
    assertVersionAndKind(object, { original, desiredApiVersion, kind });
    within(`conversion webhook for ${kind} returned invalid object: `, () =>
      assertSameObject(original, object),
    );
    within(`conversion webhook for ${kind} returned invalid metadata: `, () =>
      restoreMetadata(original, object),
    );
    return object as KubeObject;
  });
}

/** As Go prints a GroupVersionKind. */
export function printKind({
  apiVersion,
  kind,
}: {
  readonly apiVersion: string;
  readonly kind: string;
}): string {
  return `${apiVersion}, Kind=${kind}`;
}

const REVIEW_GROUP = 'apiextensions.k8s.io';

function isReviewVersion(version: string): version is ReviewVersion {
  return version === 'v1' || version === 'v1beta1';
}

function convertedObjectsOf(answer: {
  readonly body: Buffer;
  readonly version: ReviewVersion;
  readonly uid: string;
}): readonly JsonValue[] {
  const review = parseReview(answer.body);
  const [apiVersion, kind] = [textAt(review, 'apiVersion'), textAt(review, 'kind')];
  const expected = { apiVersion: `${REVIEW_GROUP}/${answer.version}`, kind: 'ConversionReview' };
  // v1beta1 was never strict about what comes back, and must not become so.
  const isStrict = answer.version === 'v1';
  if (isStrict && kind === expected.kind && apiVersion === `${REVIEW_GROUP}/v1beta1`) {
    throw new Error('converting (v1beta1.ConversionReview) to (v1.ConversionReview): unknown conversion');
  }
  if (isStrict && (apiVersion !== expected.apiVersion || kind !== expected.kind)) {
    throw new Error(
      `expected webhook response of ${printKind(expected)}, got ${printKind({ apiVersion: apiVersion || '/', kind })}`,
    );
  }
  const response = objectAt(review, 'response');
  if (response === undefined) throw new Error('no response provided');
  const uid = textAt(response, 'uid');
  if (isStrict && uid !== answer.uid) {
    throw new Error(`expected response.uid=${goQuote(answer.uid)}, got ${goQuote(uid)}`);
  }
  const result = objectAt(response, 'result');
  const status = textAt(result, 'status');
  if (status !== 'Success') {
    throw new Error(textAt(result, 'message') || `response.result.status was '${status}', not 'Success'`);
  }
  const objects = response['convertedObjects'];
  return Array.isArray(objects) ? objects : [];
}

function parseReview(body: Buffer): JsonObject {
  const { value } = within("couldn't get version/kind; json parse error: ", () => parseJson(body));
  return isObject(value) ? value : newObject();
}

/** An object has to be one, and to have a kind: upstream's decoder knows no webhook, and says so without one. */
function assertDecodable(object: JsonValue | undefined): asserts object is JsonObject {
  if (!isObject(object)) {
    const type = goTypeName(object).replace(/64$/, '').replace('int', 'number').replace('float', 'number');
    throw new Error(`json: cannot unmarshal ${type} into Go value of type map[string]interface {}`);
  }
  if (textAt(object, 'kind') === '') throw new Error(`Object 'Kind' is missing in '${encodeJson(object)}'`);
}

function assertVersionAndKind(
  object: JsonObject,
  expected: { readonly original: KubeObject; readonly desiredApiVersion: string; readonly kind: string },
): void {
  const { original, desiredApiVersion, kind } = expected;
  const prefix = `conversion webhook for ${kind} returned invalid object at index 0: invalid`;
  const [gotVersion, gotKind] = [textAt(object, 'apiVersion'), textAt(object, 'kind')];
  if (gotVersion !== desiredApiVersion) {
    throw new Error(`${prefix} groupVersion (expected ${desiredApiVersion}, received ${gotVersion})`);
  }
  if (gotKind !== original.kind) {
    throw new Error(`${prefix} kind (expected ${original.kind}, received ${gotKind})`);
  }
}

function assertSameObject(original: KubeObject, object: JsonObject): void {
  const metadata = objectAt(object, 'metadata');
  for (const [field, name] of [
    ['name', 'name'],
    ['namespace', 'namespace'],
    ['uid', 'UID'],
  ] as const) {
    const [expected, actual] = [textAt(original.metadata, field), textAt(metadata, field)];
    if (expected !== actual) throw new Error(`must have the same ${name}: ${expected} != ${actual}`);
  }
}

function restoreMetadata(original: KubeObject, object: JsonObject): void {
  if (!Object.hasOwn(object, 'metadata')) throw new Error('missing metadata in converted object');
  const given = object['metadata'];
  if (!isObject(given)) throw new Error(`invalid metadata of type ${goTypeName(given)} in converted object`);
  const metadata = deepCopy(original.metadata) as JsonObject;
  for (const field of ['labels', 'annotations'] as const) {
    const map = given[field];
    if (map === undefined || map === null) {
      delete metadata[field];
      continue;
    }
    if (!isObject(map))
      throw new Error(`invalid metadata.${field} of type ${goTypeName(map)} in converted object`);
    for (const [key, value] of Object.entries(map)) {
      if (typeof value === 'string') continue;
      throw new Error(
        `metadata.${field}[${key}] must be a string, but is ${goTypeName(value)} in converted object`,
      );
    }
    if (!deepEqual(map, metadata[field])) {
      const errors =
        field === 'labels'
          ? validateLabels(map, 'metadata.labels')
          : validateAnnotations(map, 'metadata.annotation');
      if (errors.length > 0) throw new Error(aggregateErrors(errors));
    }
    metadata[field] = map;
  }
  object['metadata'] = metadata;
}

function within<Result>(prefix: string, run: () => Result): Result {
  try {
    return run();
  } catch (cause) {
    throw new Error(`${prefix}${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
