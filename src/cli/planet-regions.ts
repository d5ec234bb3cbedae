import { ApiFailure } from './client/api-failure.ts';
import type { ApiClient } from './client/client.ts';
import { exitCode } from './exit-code.ts';
import { Failure } from './failure.ts';

/** A region and the URL of its members. */
export interface PlanetRegion {
  readonly name: string;
  readonly url: string;
}

const PATH = '/clusters/root/apis/planet.antipode.dev/v1alpha1/regions';
/** A planet has few regions; whoever answers with more is no planet. */
const REGIONS_MAX = 100;

/** The regions of the planet that a server belongs to, as its Region objects say. */
export async function listRegions(client: ApiClient): Promise<readonly PlanetRegion[]> {
  let list: RegionList;
  try {
    list = await client.send<RegionList>(PATH);
  } catch (error) {
    if (!(error instanceof ApiFailure) || !error.isNotFound) throw error;
    throw unknownRegions(error);
  }
  const regions = (list.items ?? []).slice(0, REGIONS_MAX).flatMap(({ metadata, spec }) => {
    const url = spec?.url;
    return metadata?.name === undefined || url === undefined ? [] : [{ name: metadata.name, url }];
  });
  // Antipode has the kind everywhere, and objects of it in a planet alone.
  if (regions.length === 0) throw unknownRegions(undefined);
  return regions;
}

function unknownRegions(cause: unknown): Failure {
  return new Failure('the server does not know the regions of a planet', {
    exitCode: exitCode.notFound,
    hint: 'Name them: --region eu=https://eu.example.com:6443 --region us=https://us.example.com:6443',
    cause,
  });
}

interface RegionList {
  readonly items?: readonly {
    readonly metadata?: { readonly name?: string };
    readonly spec?: { readonly url?: string };
  }[];
}
