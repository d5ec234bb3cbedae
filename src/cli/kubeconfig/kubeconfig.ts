import { delimiter, isAbsolute, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';
import { type EntryCopy, type Fields, KubeconfigFile, type Section } from './kubeconfig-file.ts';

export interface KubeconfigPlaces {
  /** Of `--kubeconfig`. */
  readonly explicitPath?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

type CopyChange = (copy: EntryCopy) => void;

/** More files than anybody merges by hand. */
const FILES_MAX = 1000;

/** The files that kubectl would read, in its order: the first one to say something counts. */
export function kubeconfigPaths({ explicitPath, environment }: KubeconfigPlaces): readonly string[] {
  if (explicitPath !== undefined && explicitPath !== '') return [resolve(explicitPath)];
  const listed = (environment['KUBECONFIG'] ?? '').split(delimiter).filter((path) => path !== '');
  if (listed.length > 0) return [...new Set(listed.map((path) => resolve(path)))].slice(0, FILES_MAX);
  const home = environment['HOME'] ?? environment['USERPROFILE'];
  return home === undefined || home === '' ? [] : [join(home, '.kube', 'config')];
}

/** An entry, and the folder that its relative paths begin at. */
export interface KubeconfigEntry {
  readonly fields: Fields;
  readonly directory: string;
}

/** Several kubeconfig files as one, by the rules of kubectl. */
export class Kubeconfig {
  readonly files: readonly KubeconfigFile[];

  constructor(files: readonly KubeconfigFile[]) {
    this.files = files;
  }

  /** Reads what kubectl would read. A file that `--kubeconfig` names has to exist, others may be absent. */
  static async load(places: KubeconfigPlaces): Promise<Kubeconfig> {
    const paths = kubeconfigPaths(places);
    const files = await Promise.all(paths.map((path) => KubeconfigFile.read(path)));
    const [first] = files;
    if (places.explicitPath !== undefined && places.explicitPath !== '' && first?.exists === false) {
      throw new Failure(`the kubeconfig ${places.explicitPath} does not exist`);
    }
    return new Kubeconfig(files);
  }

  get currentContext(): string | undefined {
    return this.files.map((file) => file.currentContext).find((name) => name !== undefined);
  }

  entry(section: Section, name: string): KubeconfigEntry | undefined {
    const file = this.#fileOf(section, name);
    const fields = file?.entry(section, name);
    return file === undefined || fields === undefined ? undefined : { fields, directory: file.directory };
  }

  names(section: Section): readonly string[] {
    return [...new Set(this.files.flatMap((file) => file.names(section)))];
  }

  /** Sets one entry to a changed copy of another, as `putCopies` does. */
  putCopy(section: Section, names: { readonly from: string; readonly to: string }, change: CopyChange): void {
    this.putCopies(section, [[names.from, names.to, change]]);
  }

  /**
   * Sets entries to changed copies of others, all of which are copied before any is set. Each is put into the file
   * where it takes effect: the first one that has an entry of that name, else the one that the copied entry is in.
   */
  putCopies(
    section: Section,
    copies: readonly (readonly [from: string, to: string, change: CopyChange])[],
  ): void {
    const ready = copies.map(([from, to, change]) => {
      const source = this.#fileOf(section, from);
      const copy = source?.copyEntry(section, from);
      if (source === undefined || copy === undefined) {
        throw new Failure(`${section.slice(0, -1)} ${JSON.stringify(from)} not found in kubeconfig`);
      }
      const target = this.#fileOf(section, to) ?? source;
      if (target.directory !== source.directory) makePathsAbsolute(copy, source.directory);
      change(copy);
      return { target, to, copy };
    });
    for (const { target, to, copy } of ready) target.putEntry(section, to, copy);
  }

  /** Makes a context the current one, in the file where kubectl writes it: the first that exists. */
  setCurrentContext(name: string): void {
    if (this.currentContext === name) return;
    const file = this.files.find((candidate) => candidate.exists) ?? this.files[0];
    if (file === undefined) throw new Failure('there is no kubeconfig to write to; set KUBECONFIG');
    file.setCurrentContext(name);
  }

  #fileOf(section: Section, name: string): KubeconfigFile | undefined {
    return this.files.find((file) => file.names(section).includes(name));
  }
}

/** The fields of clusters and users that name files, relative to the kubeconfig. */
const PATH_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'];

function makePathsAbsolute(copy: EntryCopy, directory: string): void {
  for (const field of PATH_FIELDS) {
    const path = copy.get(field);
    if (path !== undefined && path !== '' && !isAbsolute(path)) copy.set(field, resolve(directory, path));
  }
}
