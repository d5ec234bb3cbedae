import { deepCopy, type KubeObject } from '../../machinery/mod.ts';
import type { Definition, DefinitionVersion, Family } from '../definition.ts';

/** How objects get from one form to the one that they are stored in, and back. Neither changes its argument. */
export interface FormConversion {
  toHome(object: KubeObject): KubeObject;
  fromHome(object: KubeObject): KubeObject;
}

/** A form that is not the stored one, by its apiVersion. */
export interface Form {
  readonly apiVersion: string;
  readonly version: DefinitionVersion;
  readonly conversion: FormConversion;
}

/** The family of a definition whose objects have these forms besides the one that is stored. */
export function familyOf(home: Definition, others: readonly Form[]): Family {
  const homeApiVersion = `${home.group}/${home.storageVersion}`;
  const forms = new Map(others.map((form) => [form.apiVersion, form]));
  const homeVersion = home.versions.find(({ name }) => name === home.storageVersion);
  return {
    home,
    versionOf: (apiVersion) => (apiVersion === homeApiVersion ? homeVersion : forms.get(apiVersion)?.version),
    convert(object, apiVersion) {
      if (object.apiVersion === apiVersion) return object;
      const from = forms.get(object.apiVersion ?? '');
      const stored = from === undefined ? object : from.conversion.toHome(object);
      const to = forms.get(apiVersion);
      const converted = to === undefined ? stored : to.conversion.fromHome(stored);
      // What nothing had to be done with is still the caller's.
      const own = converted === object ? deepCopy(object) : converted;
      own.apiVersion = apiVersion;
      return own;
    },
  };
}
