const HEAD_END = Buffer.from('\r\n\r\n');
const LENGTH_NAME = Buffer.from('\r\ncontent-length: ');
const CHUNKED_NAME = Buffer.from('\r\ntransfer-encoding: chunked');
const HEAD_BYTES_MAX = 16 * 1024;

/**
 * As little of an HTTP/1.1 client as counts bytes: it knows Content-Length and chunked bodies, makes no
 * object per response, and looks at nothing but the status. One response at a time, no pipelining.
 */
export class ResponseParser {
  /** Of the last response whose head has been read. */
  status = 0;
  /**
   * Takes the pieces of bodies; without it they are skipped. The buffer is only valid during the call.
   * @type {((bytes: Buffer, start: number, end: number) => void) | undefined}
   */
  onBody = undefined;
  #state = 'head';
  #isChunked = false;
  /** Bytes left of the body, or of the chunk. */
  #left = 0;
  /** @type {Buffer | undefined} */
  #partialHead = undefined;
  #sizeDigits = 0;

  /** @returns {boolean} Whether the response is complete. Throws for what no such server sends. */
  feed(/** @type {Buffer} */ bytes, /** @type {number} */ length) {
    let offset = 0;
    let source = bytes;
    let end = length;
    if (this.#state === 'head') {
      if (this.#partialHead !== undefined) {
        source = Buffer.concat([this.#partialHead, bytes.subarray(0, length)]);
        end = source.length;
      }
      const headEnd = source.indexOf(HEAD_END);
      if (headEnd < 0 || headEnd + HEAD_END.length > end) {
        this.#partialHead = Buffer.from(source.subarray(0, end));
        if (end > HEAD_BYTES_MAX) throw new Error('the head of a response has no end');
        return false;
      }
      this.#partialHead = undefined;
      this.#readHead(source, headEnd);
      offset = headEnd + HEAD_END.length;
    }
    const isComplete = this.#isChunked
      ? this.#feedChunks(source, offset, end)
      : this.#feedPlain(source, offset, end);
    if (isComplete) this.#state = 'head';
    return isComplete;
  }

  #readHead(source, headEnd) {
    // "HTTP/1.1 200 OK"
    this.status = (source[9] - 48) * 100 + (source[10] - 48) * 10 + (source[11] - 48);
    this.#state = 'body';
    const position = findHeader(source, LENGTH_NAME, headEnd);
    this.#isChunked = position < 0;
    this.#left = 0;
    if (position >= 0) {
      for (let index = position; index < headEnd && isDigit(source[index]); index += 1) {
        this.#left = this.#left * 10 + source[index] - 48;
      }
    } else if (findHeader(source, CHUNKED_NAME, headEnd) >= 0) {
      this.#state = 'size';
      this.#sizeDigits = 0;
    } else {
      throw new Error(`a response without length: ${source.toString('latin1', 0, headEnd)}`);
    }
  }

  #feedPlain(source, start, end) {
    const taken = Math.min(this.#left, end - start);
    if (taken > 0) this.onBody?.(source, start, start + taken);
    this.#left -= taken;
    if (start + taken < end) throw new Error('bytes after the end of a response');
    return this.#left === 0;
  }

  #feedChunks(source, start, end) {
    let offset = start;
    while (offset < end) {
      switch (this.#state) {
        case 'size': {
          const byte = source[offset];
          offset += 1;
          if (byte === 0x0a) {
            this.#state = this.#left === 0 ? 'last' : 'chunk';
          } else if (byte !== 0x0d) {
            this.#left = this.#left * 16 + hexDigit(byte);
            this.#sizeDigits += 1;
            if (this.#sizeDigits > 8) throw new Error('a chunk is too long');
          }
          break;
        }
        case 'chunk': {
          const taken = Math.min(this.#left, end - offset);
          this.onBody?.(source, offset, offset + taken);
          offset += taken;
          this.#left -= taken;
          if (this.#left === 0) this.#state = 'end';
          break;
        }
        case 'end': {
          // The line break after the data of a chunk.
          if (source[offset] === 0x0a) {
            this.#state = 'size';
            this.#sizeDigits = 0;
          }
          offset += 1;
          break;
        }
        default: {
          // The line break after the empty chunk; no server of ours sends trailers.
          offset += 1;
          if (source[offset - 1] === 0x0a) return true;
        }
      }
    }
    return false;
  }
}

// Servers are free in the case of header names; there are few names, so lower case is tried after Node's own.
function findHeader(source, lowerCaseName, headEnd) {
  for (const name of spellings(lowerCaseName)) {
    const position = source.indexOf(name);
    if (position >= 0 && position < headEnd) return position + name.length;
  }
  return -1;
}

const spelled = new Map();

function spellings(lowerCaseName) {
  let found = spelled.get(lowerCaseName);
  if (found === undefined) {
    const text = lowerCaseName.toString();
    found = [
      Buffer.from(text.replace(/(^|\s|-)[a-z](?=.*:)/g, (match) => match.toUpperCase())),
      lowerCaseName,
    ];
    spelled.set(lowerCaseName, found);
  }
  return found;
}

function isDigit(byte) {
  return byte >= 48 && byte <= 57;
}

function hexDigit(byte) {
  const value = isDigit(byte) ? byte - 48 : (byte | 0x20) - 87;
  if (value >= 0 && value <= 15) return value;
  throw new Error('a chunk has no size');
}
