import type { CelValue } from './values.ts';

/** How error texts show a value. */
export function celText(_value: CelValue): string {
  throw new Error('under construction');
}
