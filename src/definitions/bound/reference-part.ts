// What paths and names are made of: nothing that could end a line, or move a border within one.
const PART = /^[A-Za-z0-9.:_-]+$/;

/** Whether a text that somebody has written can be a part of what the server notes beside an object. */
export function isReferencePart(text: string): boolean {
  return PART.test(text);
}
