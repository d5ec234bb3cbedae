export { apiExportService } from './api-export-view.ts';
export { apiResourceSchemaService } from './api-resource-schema-view.ts';
export { consumersOf, isConsumer, refersTo } from './consumers.ts';
export { type ExportOffer, type ExportPlace, readOffer } from './export-offer.ts';
export type { ViewClaims } from './view-claims.ts';
export { READ_ONLY, viewedDefinition, withVerbs } from './viewed-definition.ts';
export { withWarrant } from './warrant.ts';
