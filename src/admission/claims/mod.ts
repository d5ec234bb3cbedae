export { type ClaimsAt, ClaimTable } from './claim-table.ts';
export { permissionClaims } from './permission-claims.ts';
