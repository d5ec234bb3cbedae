import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { clusterRoleBinding } from '../access/suite.ts';
import { tokenOf, useArena } from './suite.ts';

const arena = useArena();
const REVIEW = '/clusters/attacker/apis/authentication.k8s.io/v1/selfsubjectreviews';
const CONFIG_MAPS = '/clusters/attacker/api/v1/namespaces/default/configmaps?dryRun=All';
const RUNS = 25;

let session: ClientHttp2Session;
beforeAll(async () => {
  const rbac = '/clusters/attacker/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
  const entry = clusterRoleBinding('entry', 'system:kcp:workspace:access', [
    'user-one',
    'user-two',
    'user-three',
  ]);
  await arena.client.create(rbac, entry);
  session = connect(arena.server.url, { ca: arena.server.ca });
});
afterAll(() => session.close());
afterEach(() => arena.assertUnharmed());

/** A request whose body comes in two pieces, so that others get between its head and its end. */
interface Told {
  readonly path: string;
  readonly user: string | undefined;
  readonly expected: { readonly status: number; readonly name: string };
  readonly pieces: readonly [string, string];
}

const asks: readonly Told[] = [
  ...['user-one', 'user-two', 'user-three'].map((user) => ({
    path: REVIEW,
    user,
    expected: { status: 201, name: user },
    pieces: ['{"apiVersion":"authentication.k8s.io/v1",', '"kind":"SelfSubjectReview"}'] as const,
  })),
  {
    path: REVIEW,
    user: undefined,
    expected: { status: 201, name: 'attacker' },
    pieces: ['{', '}'],
  },
  ...['user-four', 'user-five'].map((user) => ({
    path: CONFIG_MAPS,
    user,
    expected: { status: 403, name: user },
    pieces: ['{"metadata":', '{"name":"x"}}'] as const,
  })),
  {
    path: CONFIG_MAPS,
    user: undefined,
    expected: { status: 201, name: 'x' },
    pieces: ['{"metadata":', '{"name":"x"}}'],
  },
];

class Asking {
  readonly told: Told;
  readonly #stream: ClientHttp2Stream;
  readonly answer: Promise<{ readonly status: number; readonly text: string }>;
  #steps = 0;

  constructor(told: Told) {
    this.told = told;
    this.#stream = session.request({
      ':method': 'POST',
      ':path': told.path,
      authorization: `Bearer ${tokenOf('attacker')}`,
      'content-type': 'application/json',
      ...(told.user === undefined ? {} : { 'impersonate-user': told.user }),
    });
    this.answer = new Promise((resolve, reject) => {
      let status = 0;
      let text = '';
      this.#stream.on('response', (headers) => {
        status = headers[':status'] ?? 0;
      });
      this.#stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      this.#stream.on('end', () => resolve({ status, text }));
      this.#stream.on('error', reject);
    });
  }

  /** The next piece of its body; returns when the bytes are out. */
  step(): Promise<void> {
    const piece = this.told.pieces[this.#steps++]!;
    return new Promise((resolve) => {
      if (this.#steps === 1) this.#stream.write(piece, () => resolve());
      else this.#stream.end(piece, () => resolve());
    });
  }
}

test('requests that take turns on one connection stay those of whom they are made as', async () => {
  const order = fc.shuffledSubarray(
    asks.flatMap((_ask, index) => [index, index]),
    { minLength: 2 * asks.length },
  );
  await fc.assert(
    fc.asyncProperty(order, async (turns) => {
      const running = new Map<number, Asking>();
      for (const index of turns) {
        const asking = running.get(index) ?? new Asking(asks[index]!);
        running.set(index, asking);
        await asking.step();
      }
      for (const asking of running.values()) {
        const { expected, user } = asking.told;
        const { status, text } = await asking.answer;
        expect(status, text).toBe(expected.status);
        // A refusal is a text within a text, so its quotes are escaped.
        expect(text.replaceAll('\\"', '"')).toContain(`"${expected.name}"`);
        for (const other of asks) {
          if (other.user !== undefined && other.user !== user) expect(text).not.toContain(other.user);
        }
      }
    }),
    { numRuns: RUNS },
  );
});
