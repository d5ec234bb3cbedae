import {
  compileJsonPath,
  encodeJson,
  isObject,
  type JsonPath,
  JsonPathError,
  type JsonValue,
} from '../machinery/mod.ts';
import { CREATION_DESCRIPTION, column, NAME_COLUMN, nameOf, timeSince } from './builtin-printers-columns.ts';
import type { Cell, PrinterColumn, TableColumn, TablePrinter } from './definition.ts';

/**
 * The printer of a custom resource: its name, then the declared columns, or its age when none is declared.
 * A column whose path does not parse ends the table before it, as upstream does: the CRD stays usable.
 * An empty result, or a value of another type than the column's, is a null cell; only the first value
 * that a path selects is shown.
 */
export function customResourcePrinter(columns: readonly PrinterColumn[]): TablePrinter {
  const compiled = compileColumns(columns.length === 0 ? [IMPLICIT_AGE] : columns);
  return {
    columns: [NAME_COLUMN, ...compiled.map(({ column }) => column)],
    cells(object, nowMs) {
      const cells: Cell[] = [nameOf(object)];
      for (const { column, path } of compiled) {
        const value = path.evaluate(object)[0];
        cells.push(value === undefined ? null : cellOf(column.type, value, nowMs));
      }
      return cells;
    },
  };
}

const IMPLICIT_AGE: PrinterColumn = {
  name: 'Age',
  type: 'date',
  description: CREATION_DESCRIPTION,
  jsonPath: '.metadata.creationTimestamp',
};

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;

interface CompiledColumn {
  readonly column: TableColumn;
  readonly path: JsonPath;
}

function compileColumns(columns: readonly PrinterColumn[]): CompiledColumn[] {
  const compiled: CompiledColumn[] = [];
  for (const { name, type, format, description, priority, jsonPath } of columns) {
    try {
      compiled.push({
        path: compileJsonPath(jsonPath),
        column: column(
          name,
          description || `Custom resource definition column (in JSONPath format): ${jsonPath}`,
          {
            type,
            format: format ?? '',
            priority: priority ?? 0,
          },
        ),
      });
    } catch (error) {
      if (error instanceof JsonPathError) return compiled;
      throw error;
    }
  }
  return compiled;
}

function cellOf(type: string, value: JsonValue, nowMs: number): Cell {
  switch (type) {
    case 'string':
      return textOf(value);
    case 'integer':
      return integerOf(value);
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      // Upstream decodes the text like a query parameter, where `null` stands for no time.
      return timeSince(value === 'null' ? null : value, nowMs);
    default:
      return null;
  }
}

/** An exact int64, fractions cut off; null beyond its range, where Go leaves the conversion undefined. */
function integerOf(value: JsonValue): number | bigint | null {
  if (typeof value === 'bigint') return value;
  if (typeof value !== 'number') return null;
  // Adding zero turns the -0 that truncation may give into 0.
  const integer = Math.trunc(value) + 0;
  if (Number.isSafeInteger(integer)) return integer;
  const exact = BigInt(integer);
  return exact >= INT64_MIN && exact <= INT64_MAX ? exact : null;
}

/** A value as Go's fmt.Fprint shows it, but maps and lists as JSON (client-go's JSONPath.PrintResults). */
function textOf(value: JsonValue): string {
  if (value === null) return '<no value>';
  if (isObject(value) || Array.isArray(value)) return encodeJson(value);
  if (typeof value === 'number') return numberText(value);
  return String(value);
}

/** Go's %v of a float64: an exponent below 1e-4 and from 1e21 on, of at least two digits. */
function numberText(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < 1e21)) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
