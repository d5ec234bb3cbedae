/** Levels from the most to the least important. */
export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

/** What a line says besides its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where the server reports what it does; one line per call. */
export interface Log {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

export interface LogOptions {
  /** The least important level that is still written. */
  readonly level: LogLevel;
  readonly format: LogFormat;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Takes one line with its line end. */
  readonly write: (line: string) => void;
}

/** A log that writes lines of text (`time LEVEL message key=value`) or of JSON. */
export function createLog(options: LogOptions): Log {
  const render = options.format === 'json' ? jsonLine : textLine;
  const writer = (level: LogLevel): Log[LogLevel] => {
    if (logLevels.indexOf(level) > logLevels.indexOf(options.level)) return () => undefined;
    return (message, fields) => {
      const time = new Date(options.nowMs()).toISOString();
      options.write(`${render({ time, level, message, fields: Object.entries(fields ?? {}) })}\n`);
    };
  };
  return { error: writer('error'), warn: writer('warn'), info: writer('info'), debug: writer('debug') };
}

interface LogLine {
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: readonly (readonly [string, unknown])[];
}

function textLine(line: LogLine): string {
  const fields = line.fields.map(([name, value]) => ` ${plain(name)}=${plain(textOf(value))}`);
  return `${line.time} ${line.level.toUpperCase().padEnd(5)} ${escaped(line.message)}${fields.join('')}`;
}

function jsonLine(line: LogLine): string {
  // Entries instead of assignment, so that a field named __proto__ is a field.
  const reserved: readonly (readonly [string, unknown])[] = [
    ['time', line.time],
    ['level', line.level],
    ['message', line.message],
  ];
  return JSON.stringify(Object.fromEntries([...line.fields, ...reserved]), (_, value: unknown) =>
    typeof value === 'bigint' || value instanceof Error ? textOf(value) : value,
  );
}

function textOf(value: unknown): string {
  if (value instanceof Error) return value.stack ?? value.message;
  if (typeof value === 'object' && value !== null) {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner));
  }
  return String(value);
}

// A value from a request must not be able to forge a line or move the cursor of who reads the log.
function escaped(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function plain(text: string): string {
  return /^[\w.:/@+-]+$/.test(text) ? text : escaped(JSON.stringify(text));
}
