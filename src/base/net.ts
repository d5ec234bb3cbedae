/** A POST to a server of somebody else's: a webhook. */
export interface NetRequest {
  /** Whose call it is: a logical cluster has only so many at once. */
  readonly cluster: string;
  /** An https URL. */
  readonly url: string;
  /** PEM of the authorities to trust; undefined for those of the system. */
  readonly ca: string | undefined;
  readonly contentType: string;
  readonly body: Uint8Array;
  /** From now until the whole answer is there. */
  readonly timeoutMs: number;
  readonly responseBytesMax: number;
  readonly signal?: AbortSignal;
}

/** Whatever the server answered, redirects included: none is followed. */
export interface NetResponse {
  readonly code: number;
  /** As it came, with parameters; empty without one. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** The network, as far as the server calls others. Handed in where a member is put together. */
export interface Net {
  /** Throws an `Error` whose message says as Go's HTTP client does why there was no answer. */
  post(request: NetRequest): Promise<NetResponse>;
}
