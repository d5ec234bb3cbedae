import { describe, expect, it } from 'vitest';
import { createLog, type LogFormat, type LogLevel } from './log.ts';

function record(level: LogLevel, format: LogFormat) {
  const lines: string[] = [];
  const nowMs = () => Date.UTC(2026, 0, 2, 3, 4, 5, 6);
  return { lines, log: createLog({ level, format, nowMs, write: (line) => void lines.push(line) }) };
}

describe('createLog', () => {
  it('writes lines of text with their fields', () => {
    const { lines, log } = record('debug', 'text');
    log.info('listening', { url: 'https://127.0.0.1:6443', attempt: 2n, note: 'two words', list: [1, 2n] });
    expect(lines).toEqual([
      '2026-01-02T03:04:05.006Z INFO  listening url=https://127.0.0.1:6443 attempt=2 note="two words" list="[1,\\"2\\"]"\n',
    ]);
  });

  it('writes lines of JSON that hold every field, whatever its name', () => {
    const { lines, log } = record('debug', 'json');
    const fields = JSON.parse('{"__proto__": 1, "level": "forged", "bytes": 3}') as Record<string, unknown>;
    log.error('broken', { ...fields, error: new Error('why'), revision: 9007199254740993n });
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(Object.keys(line)).toContain('bytes');
    expect(line['level']).toBe('error');
    expect(line['message']).toBe('broken');
    expect(line['revision']).toBe('9007199254740993');
    expect(String(line['error'])).toContain('Error: why');
  });

  it('keeps a field named __proto__ a field', () => {
    const { lines, log } = record('debug', 'json');
    log.info('hello', JSON.parse('{"__proto__": {"x": 1}}') as Record<string, unknown>);
    expect(lines[0]).toContain('"__proto__":{"x":1}');
  });

  it.each(['text', 'json'] as const)('cannot be made to write a forged line as %s', (format) => {
    const { lines, log } = record('debug', format);
    log.warn('a\nERROR forged', { path: '/x\r\n2026 ERROR \u001b[2J', 'na me\n': '\u2028' });
    expect(lines).toHaveLength(1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    expect(lines[0]?.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u009b]/);
  });

  it('leaves out what is less important than its level', () => {
    const { lines, log } = record('warn', 'text');
    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');
    expect(lines.map((line) => line.slice(25, -1))).toEqual(['WARN  c', 'ERROR d']);
  });
});
