import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { isCollection, isScalar, parseDocument, Scalar, stringify } from 'yaml';
import { ConfigError } from '../../src/core/error.ts';
import { loadPipeline } from '../../src/pipeline/load.ts';

const folder = new URL('../../pipelines/', import.meta.url);
const pipelines = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));

/** What nobody may see, in forms that are easily written otherwise. */
const environment = {
  TRUNKLINE_DATA: '/srv/a-folder-that-nobody-may-see',
  TOKEN: 'ZqXw7-JkVb3_TnGh5.MfCy2~RdLs8'.repeat(4),
  QUOTED: `Wv'Yu"Kx\\Jz'Hq`.repeat(3),
  PIN: '00090817263545362718',
};
/** Characters of a secret that give it away. */
const telling = 6;
const secrets = Object.values(environment).flatMap((secret) =>
  Array.from({ length: secret.length - telling + 1 }, (_, at) => secret.slice(at, at + telling)),
);

const wordsOf = (text: string): readonly string[] => text.split(/ +/);

/** Texts that mean something in YAML, or nothing anywhere. */
const oddText = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...wordsOf('${TOKEN} "${TOKEN}" a${QUOTED}b ${PIN} ${NONE} ${ ${TOKEN:-x} $${TOKEN} ${TOKEN'),
      ...wordsOf(
        '*a &a [*a] !secret !!binary __proto__: constructor: "": [ { ] } , : # " \' null ~ yes \t \0 \r \ufeff \u2028 \ud800',
      ),
      ...wordsOf('1e999 -.inf .nan 0x1fffffffffffffff 9007199254740993 1e308 -0 0o7 1_000 12:30:45 2020-01-01'),
      ...['&a [*a]', '<<: *a', '<<: ${TOKEN}', '? ', '- ', '---\n', '...\n', '|\n', '>\n', '\n', '%YAML 9\n', '\n  '],
    ),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom('[', '{a: ', '- ', '? ', '[ #]\n', '["]",', ' '), fc.nat(1000))
      .map(([part, times]) => part.repeat(times)),
  },
);

const oddValue = fc.oneof(
  fc.constantFrom<unknown[]>(
    ...wordsOf('${TOKEN} x${QUOTED} ${PIN} ${NONE} * NR-*|SR-* ../../etc/passwd \0 endless'),
    ...['', 'x'.repeat(5000), 0, -1, 1e308, -1e308, 0.5, 2 ** 53, 1e21, null, true, [], {}, [[]], [null]],
    ...[{ type: '${TOKEN}' }, JSON.parse('{ "__proto__": 1 }'), { constructor: { prototype: 1 } }, { '${TOKEN}': 1 }],
    ...[['${TOKEN}', { a: '${QUOTED}' }]],
  ),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Nothing more often than something. */
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

/** A change of a text: some of it cut out, written over, repeated, or the end cut off. */
const cut = fc.record({
  at: fc.nat(),
  count: fc.oneof(fc.constant(0), fc.nat(40)),
  put: fc.oneof({ weight: 1, arbitrary: fc.constant('') }, { weight: 3, arbitrary: oddText }),
  isEnd: fc.boolean(),
});
/** A change of what a text says: another value, or another name, at a place. */
const swap = fc.record({ at: fc.nat(), value: oddValue, name: rarely(oddText) });

/** Files that came of ours. */
const files = fc
  .record({
    text: fc.constantFrom(...pipelines),
    swaps: fc.array(swap, { maxLength: 3 }),
    cuts: fc.oneof(
      { weight: 1, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(cut, { maxLength: 4 }) },
    ),
    isJson: fc.boolean(),
    byte: rarely(fc.tuple(fc.nat(), fc.nat(255))),
  })
  .map(({ text, swaps, cuts, isJson, byte }) => {
    let written = swaps.length === 0 ? text : swapped(text, swaps, isJson);
    for (const { at, count, put, isEnd } of cuts) {
      const place = at % (written.length + 1);
      written = written.slice(0, place) + put + (isEnd && count === 0 ? '' : written.slice(place + count));
    }
    const bytes = Buffer.from(written);
    if (byte && bytes.length > 0) bytes[byte[0] % bytes.length] = byte[1];
    return { bytes, [fc.toStringMethod]: () => JSON.stringify(bytes.toString('latin1')) };
  });

function swapped(text: string, swaps: readonly { at: number; value: unknown; name: string | null }[], isJson: boolean) {
  const document = parseDocument(text);
  for (const { at, value, name } of swaps) {
    const pairs = pairsOf(document.contents);
    const pair = pairs[at % Math.max(1, pairs.length)];
    if (!pair) continue;
    if (name !== null && isScalar(pair.key)) pair.key = new Scalar(name);
    else pair.value = document.createNode(value);
  }
  return isJson ? JSON.stringify(document.toJSON()) : stringify(document);
}

function pairsOf(node: unknown): { key: unknown; value: unknown }[] {
  if (!isCollection(node)) return [];
  return (node.items as unknown[]).flatMap((item) =>
    typeof item === 'object' && item !== null && 'key' in item && 'value' in item
      ? [item as { key: unknown; value: unknown }, ...pairsOf(item.value)]
      : pairsOf(item),
  );
}

/**
 * Reads files that nobody would write, as `check` and a reload read them: each is a pipeline, or one error that says where
 * everything in it is, and shows nothing of the environment.
 * @throws Error with a file that is to blame
 */
export async function abuseConfigs(cases: number, seed: number, told?: (done: number) => void) {
  const directory = mkdtempSync(join(tmpdir(), 'trunkline-abuse-'));
  const path = join(directory, 'p.yaml');
  const counts = { good: 0, bad: 0, longestMs: 0 };
  try {
    await fc.assert(
      fc.asyncProperty(files, async ({ bytes }) => {
        writeFileSync(path, bytes);
        const beginMs = performance.now();
        const text = bytes.toString();
        const shown = await readBy(path, text, counts);
        counts.longestMs = Math.max(counts.longestMs, performance.now() - beginMs);
        // What is in the file, by chance, gives nothing away.
        const secret = secrets.find((part) => shown.includes(part) && !text.includes(part));
        if (secret !== undefined) throw new Error(`it shows '${secret}': ${shown}`);
        told?.(counts.good + counts.bad);
      }),
      { numRuns: cases, seed, endOnFailure: true },
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
  return counts;
}

/** @returns all that is shown of a file */
async function readBy(path: string, text: string, counts: { good: number; bad: number }): Promise<string> {
  try {
    const { written } = await loadPipeline(path, environment);
    counts.good++;
    return JSON.stringify(written);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    counts.bad++;
    const lines = text.split('\n').length;
    for (const { where } of error.issues) {
      const [, line] = /^:(\d+):\d+(?: {2}|$)/.exec(where.slice(path.length)) ?? [];
      if (!where.startsWith(path) || !(Number(line) >= 1 && Number(line) <= lines))
        throw new Error(`'${where}' is no place in the file: ${error.message}`);
    }
    return error.message;
  }
}
