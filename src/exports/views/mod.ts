export { apiExportService, type ViewClaims } from './api-export-view.ts';
export { consumersOf, isConsumer, refersTo } from './consumers.ts';
export { type ExportOffer, type ExportPlace, readOffer } from './export-offer.ts';
export { READ_ONLY, viewedDefinition, withVerbs } from './viewed-definition.ts';
export { withWarrant } from './warrant.ts';
