import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issueCertificate } from '../../src/region/certificate-issuance.ts';

export type Json = Readonly<Record<string, unknown>>;

/** What the API server asks of a conversion webhook. */
export interface Review {
  readonly apiVersion: string;
  readonly kind: string;
  readonly request: {
    readonly uid: string;
    readonly desiredAPIVersion: string;
    readonly objects: readonly ConvertedObject[];
  };
}

export interface ConvertedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json & { readonly name: string };
  readonly [field: string]: unknown;
}

type Answer = (review: Review) => Promise<RawAnswer> | RawAnswer;
export interface RawAnswer {
  readonly code?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** A real HTTPS server with a certificate of an authority of its own, which can go away and come back. */
export class ConversionWebhook {
  /** Every review it got, oldest first. */
  readonly reviews: Review[] = [];
  /** The paths with queries that were asked for. */
  readonly urls: string[] = [];
  /** How many connections were made to it. */
  connections = 0;
  answer: Answer = () => ({ code: 500, body: 'no answer' });
  readonly #ca: string;
  readonly #options: { readonly cert: string; readonly key: string };
  #server: Server | undefined;
  #port = 0;

  private constructor(ca: string, options: { readonly cert: string; readonly key: string }) {
    this.#ca = ca;
    this.#options = options;
  }

  static async start(): Promise<ConversionWebhook> {
    const now = Date.now();
    const lifetime = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 3_600_000) };
    const authority = await createAuthority(lifetime);
    const { certificate, key } = await issueCertificate({
      ...lifetime,
      authority,
      subject: { commonName: 'webhook', organizations: [] },
      usage: 'serving',
      hostnames: ['localhost'],
      addresses: ['127.0.0.1'],
    });
    const webhook = new ConversionWebhook(authority.certificate, { cert: certificate, key });
    await webhook.listen();
    return webhook;
  }

  get origin(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  /** PEM of the authority in base64, as a CRD has it. */
  get caBundle(): string {
    return Buffer.from(this.#ca).toString('base64');
  }

  /** Listens again, on the port that it had. */
  async listen(): Promise<void> {
    const server = createServer(this.#options, (request, response) => {
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        this.urls.push(request.url ?? '');
        const review = JSON.parse(Buffer.concat(chunks).toString()) as Review;
        this.reviews.push(review);
        const { code = 200, headers = {}, body } = await this.answer(review);
        response.writeHead(code, { 'content-type': 'application/json', ...headers });
        response.end(typeof body === 'string' ? body : JSON.stringify(body));
      })();
    });
    server.on('secureConnection', () => {
      this.connections += 1;
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
  }

  /** Goes away as a crashed process does: connections are cut, new ones refused. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}

/** A successful answer with each object converted. */
export function converting(convert: (object: ConvertedObject, apiVersion: string) => unknown): Answer {
  return (review) =>
    answerOf(review, {
      convertedObjects: review.request.objects.map((object) =>
        convert(object, review.request.desiredAPIVersion),
      ),
      result: { status: 'Success' },
    });
}

/** An answer to a review with the given response. */
export function answerOf(review: Review, response: Json): RawAnswer {
  const { apiVersion, kind, request } = review;
  return { body: { apiVersion, kind, response: { uid: request.uid, ...response } } };
}
