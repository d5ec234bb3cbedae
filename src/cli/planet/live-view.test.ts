import { describe, expect, it } from 'vitest';
import { recordingTerminal } from '../terminal.suite.ts';
import { planetView } from './live-view.ts';

/** As much of a terminal as the view uses: lines, moving up, and erasing from the cursor on. */
class FakeScreen {
  readonly lines: string[] = [''];
  row = 0;
  columns = 40;

  size(): { columns: number; rows: number } {
    return { columns: this.columns, rows: 20 };
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a terminal acts on.
    for (const part of text.match(/\u001b\[\d*[AJ]|\n|\r|[^\u001b\n\r]+/g) ?? []) {
      const up = /\[(\d+)A/.exec(part)?.[1];
      if (up !== undefined) this.row -= Number(up);
      else if (part.endsWith('J') && part.startsWith('\u001b')) {
        this.lines.length = this.row;
        this.lines.push('');
      } else if (part === '\n') {
        this.row += 1;
        this.lines[this.row] ??= '';
      } else if (part !== '\r') this.lines[this.row] = part;
    }
  }

  listen(): () => void {
    return () => undefined;
  }
}

describe('what shows a planet', () => {
  it('keeps a table below the lines, always as it is now', async () => {
    const screen = new FakeScreen();
    let table = 'A\nB\n';
    const view = planetView(recordingTerminal({ screen: () => screen }), () => table);
    view.say('first');
    expect(screen.lines).toEqual(['first', '', 'A', 'B', '']);
    view.say('second');
    table = 'A\nB\nC\n';
    view.refresh();
    view.refresh();
    await Promise.resolve();
    expect(screen.lines).toEqual(['first', 'second', '', 'A', 'B', 'C', '']);
    table = 'X\n';
    view.refresh();
    await Promise.resolve();
    expect(screen.lines).toEqual(['first', 'second', '', 'X', '']);
    view.close();
    expect(screen.lines).toEqual(['first', 'second', '']);
  });

  it('cuts lines that would wrap, since these would be erased by half', () => {
    const screen = new FakeScreen();
    screen.columns = 5;
    const view = planetView(recordingTerminal({ screen: () => screen }), () => 'long line\n');
    view.say('a');
    expect(screen.lines).toEqual(['a', '', 'long', '']);
  });

  it('is lines alone where there is no terminal', () => {
    const terminal = recordingTerminal();
    const view = planetView(terminal, () => 'table\n');
    view.say('a');
    view.refresh();
    view.close();
    expect(terminal.outText()).toBe('a\n');
  });
});
