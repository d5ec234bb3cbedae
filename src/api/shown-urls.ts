import type { Definition, ShownParts } from '../definitions/mod.ts';
import { type JsonObject, type KubeObject, objectAt, objectsAt } from '../machinery/mod.ts';

/** Where an object has a URL: a field of one of its objects. */
interface UrlPlace {
  readonly holder: JsonObject;
  readonly field: string;
}

/**
 * The URLs that kinds of kcp's say of this server. They are stored without host, since each region has another one, and
 * get that of the member that answers when they are shown. Only of these kinds is an object parsed for it.
 */
const KINDS: ReadonlyMap<string, (object: KubeObject) => readonly UrlPlace[]> = new Map([
  ['workspaces.tenancy.kcp.io', (object) => fieldOf(objectAt(object, 'spec'), 'URL')],
  ['logicalclusters.core.kcp.io', (object) => fieldOf(objectAt(object, 'status'), 'URL')],
  [
    'shards.core.kcp.io',
    (object) =>
      ['baseURL', 'externalURL', 'virtualWorkspaceURL'].flatMap((field) =>
        fieldOf(objectAt(object, 'spec'), field),
      ),
  ],
  ['workspacetypes.tenancy.kcp.io', (object) => urlsIn(object, 'virtualWorkspaces')],
  ['apiexports.apis.kcp.io', (object) => urlsIn(object, 'virtualWorkspaces')],
  ['apiexportendpointslices.apis.kcp.io', (object) => urlsIn(object, 'endpoints')],
]);

/** A URL with its host, and what follows it. */
const ABSOLUTE = /^https?:\/\/[^/]+(?<path>\/.*)?$/;

/** Completes URLs where objects are shown, and takes off again what clients send back. */
export class ShownUrls {
  readonly #baseUrl: () => string;
  // Definitions are few, and shared by all logical clusters; the form lives as long as its definition.
  readonly #forms = new WeakMap<Definition, Definition>();

  /** `baseUrl`: where clients reach this member, such as `https://eu.example.com:6443`. */
  constructor(baseUrl: () => string) {
    this.#baseUrl = baseUrl;
  }

  /** The definition in which objects are shown here: itself for nearly all kinds. */
  formOf(definition: Definition): Definition {
    const placesOf = KINDS.get(`${definition.names.plural}.${definition.group}`);
    if (placesOf === undefined) return definition;
    const known = this.#forms.get(definition);
    if (known !== undefined) return known;
    const form = { ...definition, shown: this.#partsOf(placesOf) };
    this.#forms.set(definition, form);
    return form;
  }

  /** A URL of this server as clients here see it; `/` is the server itself. */
  complete(path: string): string {
    return path === '/' ? this.#baseUrl() : this.#baseUrl() + path;
  }

  #partsOf(placesOf: (object: KubeObject) => readonly UrlPlace[]): ShownParts {
    return {
      add: (object) => {
        for (const { holder, field } of placesOf(object)) {
          const url = holder[field];
          if (typeof url === 'string' && url.startsWith('/')) holder[field] = this.complete(url);
        }
      },
      remove: (object, old) => {
        const known = new Set(
          (old === undefined ? [] : placesOf(old)).map(({ holder, field }) => holder[field]),
        );
        for (const { holder, field } of placesOf(object)) {
          const absolute = ABSOLUTE.exec(String(holder[field] ?? ''));
          if (absolute === null) continue;
          const path = absolute.groups?.['path'] ?? '/';
          // Another region may have shown it.
          if (known.has(path) || holder[field] === this.complete(path)) holder[field] = path;
        }
      },
    };
  }
}

function fieldOf(holder: JsonObject | undefined, field: string): readonly UrlPlace[] {
  return holder === undefined ? [] : [{ holder, field }];
}

function urlsIn(object: KubeObject, list: string): readonly UrlPlace[] {
  return objectsAt(objectAt(object, 'status'), list).map((holder) => ({ holder, field: 'url' }));
}
