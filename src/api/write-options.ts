import { type FieldError, invalid, newInvalid, notSupported, tooLong } from '../machinery/mod.ts';
import type { Query } from './query.ts';

/** Options that all writes share (metav1 CreateOptions, UpdateOptions, PatchOptions). */
export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
}

const FIELD_MANAGER_CHARACTERS_MAX = 128;
const FIELD_VALIDATIONS = ['Ignore', 'Warn', 'Strict'] as const;

/** Throws 422 for values that upstream refuses. `kind` is the options' kind, for the error. */
export function parseWriteOptions(
  query: Query,
  options: { readonly kind: string; readonly userAgent: string },
): WriteOptions {
  const errors: FieldError[] = [];
  const dryRun = query.all('dryRun');
  errors.push(...dryRunErrors(dryRun));
  const manager = query.text('fieldManager');
  errors.push(...fieldManagerErrors(manager));
  const validation = query.text('fieldValidation');
  if (validation !== '' && !FIELD_VALIDATIONS.includes(validation as 'Warn')) {
    // The list has the empty value, too, and is sorted.
    errors.push(notSupported('fieldValidation', validation, ['', ...FIELD_VALIDATIONS].sort()));
  }
  if (errors.length > 0) throw newInvalid({ group: 'meta.k8s.io', kind: options.kind }, '', errors);
  return {
    isDryRun: dryRun.length > 0,
    fieldManager: manager === '' ? managerOf(options.userAgent) : manager,
    fieldValidation: validation === '' ? 'Warn' : (validation as 'Warn'),
  };
}

/** Only `All` is a dry run that upstream knows. */
export function dryRunErrors(dryRun: readonly string[]): FieldError[] {
  return dryRun.every((value) => value === 'All') ? [] : [notSupported('dryRun', [...dryRun], ['All'])];
}

function fieldManagerErrors(manager: string): FieldError[] {
  if (manager.length > FIELD_MANAGER_CHARACTERS_MAX)
    return [tooLong('fieldManager', FIELD_MANAGER_CHARACTERS_MAX)];
  const position = [...manager].findIndex((character) => !isPrintable(character));
  if (position < 0) return [];
  const code = [...manager][position]!.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
  return [invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`)];
}

function managerOf(userAgent: string): string {
  const name = userAgent.split('/', 1)[0] ?? '';
  const printable = [...name].filter(isPrintable).slice(0, FIELD_MANAGER_CHARACTERS_MAX).join('');
  return printable === '' ? 'unknown' : printable;
}

function isPrintable(character: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
}
