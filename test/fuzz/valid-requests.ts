import type fc from 'fast-check';
import type { Plan } from './plan.ts';
import { deleteCollectionRequest, deleteRequest } from './valid-deletes.ts';
import { documentRequest, getRequest, listRequest, reviewRequest, watchRequest } from './valid-reads.ts';
import { createRequest, patchRequest, statusRequest, updateRequest } from './valid-writes.ts';
import { oneOf } from './values.ts';

/** Requests of which most are answered with what they ask for. */
export const validRequest: fc.Arbitrary<Plan> = oneOf<Plan>(
  [22, createRequest()],
  [14, getRequest()],
  [9, listRequest()],
  [15, updateRequest()],
  [18, patchRequest()],
  [3, statusRequest()],
  [9, deleteRequest()],
  [1, deleteCollectionRequest()],
  [2, watchRequest()],
  [2, reviewRequest()],
  [3, documentRequest()],
);
