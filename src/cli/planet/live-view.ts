import type { Screen, Terminal } from '../terminal.ts';

/** What shows a running planet to whoever started it. */
export interface PlanetView {
  /** A line that stays. */
  say(line: string): void;
  /** Draws what is shown below the lines anew, where somebody sees it. */
  refresh(): void;
  /** Takes that away again, so that what follows stands below the lines. */
  close(): void;
}

/** On a terminal lines with a table below them that is always up to date; elsewhere lines alone. */
export function planetView(terminal: Terminal, draw: () => string): PlanetView {
  const screen = terminal.screen();
  if (screen === undefined) {
    return { say: (line) => terminal.out(`${line}\n`), refresh: () => undefined, close: () => undefined };
  }
  return new LiveView(screen, draw);
}

const ESCAPE = '\u001b[';

class LiveView implements PlanetView {
  readonly #screen: Screen;
  readonly #draw: () => string;
  #rows = 0;
  #isClosed = false;
  #isDue = false;

  constructor(screen: Screen, draw: () => string) {
    this.#screen = screen;
    this.#draw = draw;
  }

  say(line: string): void {
    this.#screen.write(`${this.#erased()}${line}\n`);
    this.#paint();
  }

  refresh(): void {
    if (this.#isDue || this.#isClosed) return;
    this.#isDue = true;
    // Several changes in one turn are one picture.
    queueMicrotask(() => {
      this.#isDue = false;
      if (this.#isClosed) return;
      this.#screen.write(this.#erased());
      this.#paint();
    });
  }

  close(): void {
    this.#screen.write(this.#erased());
    this.#isClosed = true;
  }

  #paint(): void {
    if (this.#isClosed) return;
    const { columns, rows } = this.#screen.size();
    // A line that wraps would count as one and take the place of two.
    const lines = this.#draw()
      .trimEnd()
      .split('\n')
      .map((line) => line.slice(0, Math.max(1, columns - 1)))
      .slice(0, Math.max(1, rows - 2));
    this.#screen.write(`\n${lines.join('\n')}\n`);
    this.#rows = lines.length + 1;
  }

  #erased(): string {
    const text = this.#rows === 0 ? '' : `${ESCAPE}${this.#rows}A\r${ESCAPE}J`;
    this.#rows = 0;
    return text;
  }
}
