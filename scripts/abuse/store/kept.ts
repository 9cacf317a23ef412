import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { TrunklineError } from '../../../src/core/error.ts';

/** Something that keeps records on the disk. */
export interface KeptStore {
  readonly name: string;
  /** Writes one into an empty folder. */
  write(folder: string): Promise<void>;
  /** Reads all of it, and goes on with it. @throws TrunklineError when it can't be gone on with */
  read(folder: string): Promise<{ readonly faults: readonly string[]; readonly rejected: number }>;
}

/** What became of a store that was spoilt. */
export interface Verdict {
  /** Of what is silent: records that are others, or are missing. */
  readonly faults: readonly string[];
  /** Records that were rejected. */
  readonly rejected: number;
  /** Why it was refused. */
  readonly error?: string;
}

/** Reads a store as a start does, in this process. */
export async function verdictOf(store: KeptStore, folder: string): Promise<Verdict> {
  try {
    return await store.read(folder);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    // What is said to an operator names the store and says what to do; anything else is a failure that nobody thought of.
    const faults =
      error instanceof TrunklineError ? [] : [`it failed: ${error instanceof Error ? error.stack : message}`];
    return { faults, rejected: 0, error: message };
  }
}

const pageBytes = 4096;
/** A share of a file, anywhere alike. */
const place = fc.noBias(fc.nat(2 ** 30 - 1)).map((number) => number / 2 ** 30);

/** Spoils the content of a file; a failure says how. */
type Damage = ((bytes: Buffer, foreign: Buffer) => Buffer) & { readonly text: string };

const named =
  (name: string, ...details: readonly unknown[]) =>
  (spoil: (bytes: Buffer, foreign: Buffer) => Buffer): Damage =>
    Object.assign(spoil, { text: `${name} ${JSON.stringify(details)}` });

const flip = (bytes: Buffer, at: number, bit: number): Buffer => {
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return bytes;
};
/** Where the page begins that is at a share of a file. */
const pageAt = (bytes: Buffer, share: number): number => pageBytes * Math.floor((share * bytes.length) / pageBytes);

const flips = fc
  .array(fc.tuple(place, fc.nat(7)), { minLength: 1, maxLength: 3 })
  .map((all) =>
    named(
      'bits',
      ...all,
    )((bytes) => all.reduce((own, [at, bit]) => flip(own, Math.floor(at * own.length), bit), bytes)),
  );
/** In the pages that say where everything else is. */
const metaFlip = fc
  .tuple(fc.nat(167), fc.nat(2), fc.nat(7))
  .map(([at, half, bit]) => named('bit', at, half, bit)((bytes) => flip(bytes, at + (half * pageBytes) / 2, bit)));
const cut = place.map((at) => named('cut', at)((bytes) => bytes.subarray(0, Math.floor(at * bytes.length))));
const page = fc
  .tuple(place, fc.constantFrom(0, 255))
  .map(([at, value]) =>
    named(
      'page',
      at,
      value,
    )((bytes) => bytes.fill(value, pageAt(bytes, at), Math.min(bytes.length, pageAt(bytes, at) + pageBytes))),
  );
/** A page that was written in the place of another. */
const moved = fc.tuple(place, place).map(([from, to]) =>
  named(
    'moved',
    from,
    to,
  )((bytes) => {
    bytes.copy(bytes, pageAt(bytes, to), pageAt(bytes, from), pageAt(bytes, from) + pageBytes);
    return bytes;
  }),
);
const tail = fc
  .uint8Array({ minLength: 1, maxLength: 9000 })
  .map((rest) => named('tail', rest.length)((bytes) => Buffer.concat([bytes, rest])));
const another = fc.constantFrom(
  named('empty')(() => Buffer.alloc(0)),
  named('foreign')((_, foreign) => foreign),
  named('text')(() => Buffer.from('name: a file of something else\n'.repeat(500))),
);
const damages = fc.oneof(
  { weight: 8, arbitrary: flips },
  { weight: 3, arbitrary: metaFlip },
  { weight: 2, arbitrary: cut },
  { weight: 2, arbitrary: page },
  { weight: 1, arbitrary: moved },
  { weight: 1, arbitrary: tail },
  { weight: 1, arbitrary: another },
);

/**
 * Spoils a store, once for each case, and sees that whoever opens it gets all its records, is told of each that is lost,
 * or is refused with words.
 * @param read who reads it: another process, which native code may end
 * @throws Error with what was done to the one that is to blame
 */
export async function abuseStore(
  store: KeptStore,
  cases: number,
  seed: number,
  read: (folder: string) => Promise<Verdict>,
): Promise<{ readonly whole: number; readonly rejected: number; readonly refused: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'trunkline-abuse-'));
  const [good, other, spoilt] = ['good', 'other', 'spoilt'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const counts = { whole: 0, rejected: 0, refused: 0 };
  try {
    for (const own of [other, good]) {
      mkdirSync(own);
      await store.write(own);
    }
    const foreign = readFileSync(join(other, 'data.mdb'));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('data.mdb', 'data.mdb', 'data.mdb', 'lock.mdb'),
        damages,
        async (name, damage) => {
          cpSync(good, spoilt, { recursive: true });
          const path = join(spoilt, name);
          writeFileSync(path, damage(readFileSync(path), foreign));
          const { faults, rejected, error } = await read(spoilt);
          if (faults.length > 0)
            throw new Error(`${store.name}, ${name}, ${damage.text}: ${faults.slice(0, 3).join('; ')}`);
          counts[error === undefined ? (rejected > 0 ? 'rejected' : 'whole') : 'refused']++;
          rmSync(spoilt, { recursive: true });
        },
      ),
      { numRuns: cases, seed, endOnFailure: true },
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
  return counts;
}
