import { createRequire } from 'node:module';
import type { MainModule } from '@rdkit/rdkit';

/** Bits of a fingerprint. */
export const fingerprintBits = 2048;

const settings = JSON.stringify({ radius: 2, nBits: fingerprintBits });
let loading: Promise<MainModule> | undefined;

/** RDKit, loaded once. It writes what it thinks of a molecule to the console unless told not to. */
function rdkit(): Promise<MainModule> {
  const load = createRequire(import.meta.url)('@rdkit/rdkit') as () => Promise<MainModule>;
  loading ??= load().then((module) => {
    module.disable_logging();
    return module;
  });
  return loading;
}

/**
 * The places of the bits that are 1 in each molecule's Morgan fingerprint (radius 2, 2,048 bits), ascending; null for
 * what RDKit does not take as a molecule.
 * @param smiles molecules as SMILES
 * @see Rogers & Hahn 2010, "Extended-connectivity fingerprints", doi:10.1021/ci100050t
 */
export async function fingerprints(smiles: readonly string[]): Promise<readonly (readonly number[] | null)[]> {
  const module = await rdkit();
  return smiles.map((text) => {
    const molecule = module.get_mol(text);
    if (!molecule) return null;
    try {
      return placesOf(molecule.get_morgan_fp_as_uint8array(settings));
    } finally {
      molecule.delete();
    }
  });
}

function placesOf(bytes: Uint8Array): readonly number[] {
  const places: number[] = [];
  for (let place = 0; place < bytes.length * 8; place++)
    if (((bytes[place >> 3] as number) >> (place & 7)) & 1) places.push(place);
  return places;
}
