import { BLANK_TIME, BLANK_UID, type DefaultObject, DefaultSet } from './default-set.ts';
import type { NewRow } from './row.ts';

/** A small object as the write path would store it, with the given uid and time. */
export function sampleRow(name: string, uid: string, time: string): NewRow {
  const header = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{';
  const managed = `"managedFields":[{"manager":"founder","time":"${time}"}],"name":"${name}","uid":"${uid}"`;
  return {
    uid,
    definitionHash: 'hash',
    json: Buffer.from(`${header}"creationTimestamp":"${time}",${managed}},"data":{"text":"äöü ${name}"}}`),
    metadataOffset: header.length,
    isAnnotated: false,
    labels: { name, kind: 'default' },
    fields: { 'metadata.name': name },
    owners: [],
  };
}

/** Where a sample set has an object: `resource/namespace/name`. */
export function sampleKey(place: string): DefaultObject['key'] {
  const [resource = '', namespace = '', name = ''] = place.split('/');
  return { group: '', resource, identity: '', namespace, name };
}

/** A set of such objects, in the given order. */
export function sampleSet(places: readonly string[]): DefaultSet {
  return DefaultSet.of(
    places.map((place) => {
      const key = sampleKey(place);
      return { key, row: sampleRow(key.name, BLANK_UID, BLANK_TIME) };
    }),
  );
}
