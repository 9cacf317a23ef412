import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { convertCompilerOptionsFromJson, createProgram, formatDiagnostics, readConfigFile, sys } from 'typescript';
import { beforeAll, expect, test } from 'vitest';

const root = new URL('..', import.meta.url);
const folder = new URL('.cache/readme/', root);
const programs = [...readFileSync(new URL('README.md', root), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)];

/** What each program prints, in the README's order. */
const expectations: readonly ((stdout: string) => void)[] = [
  (stdout) => {
    const losses = [...stdout.matchAll(/size: \{ loss: ([\d.e-]+), labels: 150/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(2);
    expect(losses[1]).toBeLessThan(0.05 * (losses[0] as number));
    expect(stdout).toContain('[ 2, 1 ]');
  },
  (stdout) => {
    for (const head of ['NR-AR', 'SR-p53']) {
      const losses = [...stdout.matchAll(new RegExp(`^${head} ([\\d.]+)$`, 'gm'))].map(([, loss]) => Number(loss));
      expect(losses.length).toBeGreaterThan(3);
      expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    }
    expect(stdout).toContain("'SR-p53': { loss: ");
    expect(stdout).toMatch(/ 524544\n$/);
  },
  (stdout) => {
    const losses = [...stdout.matchAll(/even: ([\d.e-]+)/g)].map(([, loss]) => Number(loss));
    expect(losses).toHaveLength(4);
    // The labels do not depend on the input: the best guess is their mean, which is 1/12 off.
    expect(losses[0]).toBeGreaterThan(0.1);
    expect(losses.at(-1)).toBeLessThan(0.09);
  },
];

/** Public data sets, which are not part of the repository. */
const data = process.env.TRUNKLINE_DATA ?? fileURLToPath(new URL('../shared/data', root));

const fileOf = (index: number): URL => new URL(`program${index}.ts`, folder);

function node(flags: readonly string[]) {
  return spawnSync(process.execPath, flags, {
    cwd: fileURLToPath(root),
    encoding: 'utf8',
    env: { ...process.env, TRUNKLINE_DATA: data },
  });
}

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  programs.forEach(([, program], index) => {
    writeFileSync(fileOf(index), (program as string).replaceAll("'trunkline'", "'../../src/index.ts'"));
  });
});

test('the programs of the README have the types that they use', { timeout: 120_000 }, () => {
  const { config } = readConfigFile(fileURLToPath(new URL('tsconfig.json', root)), sys.readFile);
  // A user's program is as strict as `tsc --init` makes it; Trunkline's own sources are stricter, and checked elsewhere.
  const { options } = convertCompilerOptionsFromJson(
    { ...config.compilerOptions, incremental: false, noUncheckedIndexedAccess: false },
    fileURLToPath(root),
  );
  const { tsBuildInfoFile: _, ...asUsers } = options;
  const program = createProgram(
    programs.map((_, index) => fileURLToPath(fileOf(index))),
    asUsers,
  );
  const faults = programs.flatMap((_, index) => {
    const file = program.getSourceFile(fileURLToPath(fileOf(index)));
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  });
  const host = {
    getCanonicalFileName: (path: string) => path,
    getCurrentDirectory: sys.getCurrentDirectory,
    getNewLine: () => '\n',
  };
  expect(formatDiagnostics(faults, host)).toBe('');
});

test.for(programs.map(([, program], index) => [index, program as string] as const))(
  'program %i of the README runs',
  ([index, program], context) => {
    const needed = /'tox21'/.test(program) ? join(data, 'tox21/assay_train.parquet') : undefined;
    context.skip(needed !== undefined && !existsSync(needed), `needs ${needed}: npm run data -- tox21`);
    const flags = ['--import', './scripts/typescript.js', fileURLToPath(fileOf(index))];
    const { status, stdout, stderr } = node(flags);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectations[index]?.(stdout);
  },
);

test('every program of the README is known', () => {
  expect(programs).toHaveLength(expectations.length);
});
