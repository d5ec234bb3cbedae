const NAME_DIGITS = 9;
const TIME_DIGITS = 13;
/** All objects are of this size as they are sent: what is stored is a little larger. */
const BODY_BYTES = 1024;
/** Occurs once in every object, just before its time, and nowhere else in what the server sends. */
const MARK = '~';

export const MARK_BYTE = MARK.charCodeAt(0);
/** Two marks of a list or watch are at least this far apart, since each belongs to a whole object. */
export const MARK_DISTANCE_MIN = 900;

/** Paths are those of the logical cluster of the kubeconfig's current context. */
const PREFIX = '/clusters/root';

/**
 * Prepares requests as bytes, for one server.
 *
 * @param {{ host: string, port: number, token: string }} endpoint
 */
export function createRequests(endpoint) {
  const headers = [
    `Host: ${endpoint.host}:${endpoint.port}`,
    `Authorization: Bearer ${endpoint.token}`,
    'Accept: application/json',
    'User-Agent: antipode-bench',
  ].join('\r\n');

  function request(method, path, body = '', prefix = PREFIX) {
    const head = `${method} ${prefix}${path} HTTP/1.1\r\n${headers}`;
    if (body === '') return Buffer.from(`${head}\r\n\r\n`);
    const length = Buffer.byteLength(body);
    return Buffer.from(
      `${head}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${body}`,
    );
  }

  const collection = (namespace) => `/api/v1/namespaces/${namespace}/configmaps`;
  return {
    /** @param {string} path With its query. */
    get: (path) => request('GET', path),
    /** @param {string} path @param {string} body */
    post: (path, body) => request('POST', path, body),
    /** @param {string} parent Its path. @param {string} name */
    createWorkspace(parent, name) {
      const object = {
        apiVersion: 'tenancy.kcp.io/v1alpha1',
        kind: 'Workspace',
        metadata: { name },
        spec: {},
      };
      const collection = '/apis/tenancy.kcp.io/v1alpha1/workspaces';
      return request('POST', collection, JSON.stringify(object), `/clusters/${parent}`);
    },
    /** @param {string} name */
    createNamespace(name) {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
      return request('POST', '/api/v1/namespaces', JSON.stringify(object));
    },
    /** @param {string} namespace */
    list: (namespace) => request('GET', collection(namespace)),
    /** @param {string} namespace @param {string} resourceVersion */
    watch: (namespace, resourceVersion) =>
      request('GET', `${collection(namespace)}?watch=true&resourceVersion=${resourceVersion}`),
    /** @param {string} namespace @param {number} index */
    getConfigMap: (namespace, index) => request('GET', `${collection(namespace)}/${configMapName(index)}`),
    /** @param {string} namespace */
    createConfigMap: (namespace) => new CreateRequest(request('POST', collection(namespace), configMap(0))),
    /** @param {string} namespace @param {number} index */
    updateConfigMap: (namespace, index) =>
      new UpdateRequest(request('PUT', `${collection(namespace)}/${configMapName(index)}`, configMap(index))),
  };
}

/** A request to create a ConfigMap; each connection has its own, and changes the name in place. */
class CreateRequest {
  /** @type {Buffer} */
  bytes;
  #nameOffset;

  constructor(bytes) {
    this.bytes = bytes;
    this.#nameOffset = bytes.indexOf(configMapName(0)) + configMapName(0).length - NAME_DIGITS;
  }

  /** @param {number} index */
  withName(index) {
    writeDigits(this.bytes, this.#nameOffset, index, NAME_DIGITS);
    return this.bytes;
  }
}

/** A request to update a ConfigMap; the time of sending is written into it in place. */
class UpdateRequest {
  /** @type {Buffer} */
  bytes;
  #timeOffset;

  constructor(bytes) {
    this.bytes = bytes;
    this.#timeOffset = bytes.indexOf(MARK) + 1;
  }

  /** @param {number} timeMs */
  withTime(timeMs) {
    writeDigits(this.bytes, this.#timeOffset, timeMs, TIME_DIGITS);
    return this.bytes;
  }
}

/**
 * The time of the object whose mark is at `markOffset`, or undefined if it goes on beyond the bytes.
 *
 * @param {Buffer} bytes
 * @param {number} markOffset
 * @param {number} length Of the valid part of `bytes`.
 */
export function readTime(bytes, markOffset, length) {
  if (markOffset + TIME_DIGITS >= length) return undefined;
  let value = 0;
  for (let index = markOffset + 1; index <= markOffset + TIME_DIGITS; index += 1) {
    value = value * 10 + bytes[index] - 48;
  }
  return value;
}

function configMapName(index) {
  return `bench-${String(index).padStart(NAME_DIGITS, '0')}`;
}

function configMap(index) {
  const object = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: configMapName(index), labels: { app: 'bench' } },
    data: { time: `${MARK}${'0'.repeat(TIME_DIGITS)}`, text: '' },
  };
  object.data.text = 'x'.repeat(BODY_BYTES - JSON.stringify(object).length);
  return JSON.stringify(object);
}

function writeDigits(bytes, offset, number, digits) {
  let left = number;
  for (let index = offset + digits - 1; index >= offset; index -= 1) {
    const rest = Math.floor(left / 10);
    bytes[index] = 48 + left - rest * 10;
    left = rest;
  }
}
