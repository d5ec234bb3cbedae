/** What the root of the workspace tree has from the beginning. */
export { foundRoot } from './found-root.ts';
