import { FORMAT_KEY } from './tables.ts';

/** Marks a directory as ours, and says which layout of tables it has. */
export const FORMAT = FORMAT_KEY;
export const FORMAT_VERSION: Uint8Array = Buffer.from('antipode/1');
