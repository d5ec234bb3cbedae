import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Ends the children of a planet that has ended without ending them, by kill -9 for example. It learns of that by the
 * end of its standard input, and knows the children by the last whole line that it has read: their process ids. It is
 * a shell, since it has to be small, and has a session of its own, so that Ctrl-C does not reach it.
 *
 * The ids cannot be others' by then: a child that ends while its parent lives keeps its id until the parent has seen
 * the end, and writes another line.
 */
const SCRIPT = `
children=
while read -r line; do children=$line; done
[ -n "$children" ] || exit 0
for child in $children; do kill -TERM "$child" 2>/dev/null; done
seconds=0
while [ "$seconds" -lt 10 ]; do
  left=
  for child in $children; do kill -0 "$child" 2>/dev/null && left="$left $child"; done
  [ -n "$left" ] || exit 0
  children=$left
  seconds=$((seconds + 1))
  sleep 1
done
for child in $children; do kill -KILL "$child" 2>/dev/null; done
`;

export class Guardian {
  readonly #process: ChildProcess;

  constructor() {
    this.#process = spawn('/bin/sh', ['-c', SCRIPT], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    this.#process.unref();
    // Without a shell there is no guardian; the next start ends what is left then.
    this.#process.on('error', () => undefined);
    this.#process.stdin?.on('error', () => undefined);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Says who the children are now. */
  watch(pids: readonly number[]): void {
    this.#process.stdin?.write(`${pids.join(' ')}\n`);
  }

  /** Lets it go; nobody is ended any more. */
  dismiss(): void {
    this.#process.stdin?.end('\n');
  }
}
