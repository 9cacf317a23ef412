import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';
import type { Issue } from '../../src/core/error.ts';

export interface Rules {
  readonly order: readonly (readonly string[])[];
  readonly beside: Readonly<Record<string, { readonly mayImport: readonly string[]; readonly importedFrom: string }>>;
  readonly packages: Readonly<Record<string, { readonly importers: readonly string[]; readonly reason: string }>>;
  readonly emptyNames: readonly string[];
  readonly maxLines: number;
  readonly longFiles: Readonly<Record<string, string>>;
}

/** One source file: its path inside `src/`, what it imports as written, and its length. */
export interface Module {
  readonly file: string;
  readonly imports: readonly string[];
  /** Those that are loaded when the file is: all but `import type` and `export type`. */
  readonly loads: readonly string[];
  readonly lines: number;
}

/** The modules under `folder`. Counts `import`, `import type`, `export … from`, `import(…)` and `require(…)`. */
export function readModules(folder: string): readonly Module[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => parseModule(file, readFileSync(`${folder}/${file}`, 'utf8')));
}

export function parseModule(file: string, text: string): Module {
  const imports = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  const erased = new Map<string, boolean>();
  for (const statement of ts.createSourceFile(file, text, ts.ScriptTarget.Latest).statements) {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
    const from = statement.moduleSpecifier;
    const isType = ts.isImportDeclaration(statement) ? statement.importClause?.isTypeOnly : statement.isTypeOnly;
    if (from !== undefined && ts.isStringLiteral(from))
      erased.set(from.text, isType === true && erased.get(from.text) !== false);
  }
  const loads = imports.filter((specifier) => erased.get(specifier) !== true);
  return { file, imports, loads, lines: text.trimEnd().split('\n').length };
}

/** Everything in which the modules break the rules. */
export function checkArchitecture(modules: readonly Module[], rules: Rules): readonly Issue[] {
  return [
    ...modules.flatMap((module) => [
      ...checkName(module, rules),
      ...checkLength(module, rules),
      ...checkFolders(module, rules),
      ...checkPackages(module, rules),
    ]),
    ...checkLongFiles(modules, rules),
    ...findCycles(modules),
  ];
}

/** The folder a file belongs to; a file directly in `src/` stands for itself. */
const unitOf = (file: string): string => file.split('/')[0]?.replace(/\.ts$/, '') ?? '';

const isRelative = (specifier: string): boolean => specifier.startsWith('.');

const resolve = (module: Module, specifier: string): string =>
  posix.join(posix.dirname(module.file), specifier).replace(/\.js$/, '.ts');

/** The units that `unit` may import, its own aside; undefined when the rules don't know it. */
function allowedImports(unit: string, { order, beside }: Rules): readonly string[] | undefined {
  const aside = beside[unit];
  if (aside !== undefined) return aside.mayImport;
  const line = order.findIndex((units) => units.includes(unit));
  if (line === -1) return undefined;
  const reachable = Object.entries(beside).filter(
    ([, { importedFrom }]) => order.findIndex((units) => units.includes(importedFrom)) <= line,
  );
  return [...order.slice(0, line).flat(), ...reachable.map(([name]) => name)];
}

function checkFolders(module: Module, rules: Rules): readonly Issue[] {
  const unit = unitOf(module.file);
  const allowed = allowedImports(unit, rules);
  if (allowed === undefined)
    return [
      {
        where: `src/${module.file}`,
        expected: 'a folder that the import rule knows',
        found: unit,
        hint: 'add it to test/architecture/rules.ts and to ARCHITECTURE.md, with the reason',
      },
    ];
  return module.imports
    .filter(isRelative)
    .map((specifier) => unitOf(resolve(module, specifier)))
    .filter((target) => target !== unit && !allowed.includes(target))
    .map((target) => ({
      where: `src/${module.file}`,
      expected: allowed.length === 0 ? 'no imports from other folders' : `imports from ${allowed.join(', ')} only`,
      found: `one from ${target}`,
      hint: allowedImports(target, rules)?.includes(unit)
        ? `${target} stands above ${unit}: move what is needed down, or pass it in`
        : `${unit} and ${target} stand side by side: move what both need down, or join them where both are visible`,
    }));
}

function checkPackages(module: Module, { packages }: Rules): readonly Issue[] {
  return module.imports
    .filter((specifier) => !isRelative(specifier) && !isBuiltin(specifier))
    .flatMap((specifier) => {
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      const row = packages[name];
      const where = `src/${module.file}`;
      if (row === undefined)
        return [
          {
            where,
            expected: 'imports of packages in the table of test/architecture/rules.ts',
            found: name,
            hint: 'add a row that says who may import it and why',
          },
        ];
      if (row.importers.some((importer) => ['*', module.file, unitOf(module.file)].includes(importer))) return [];
      return [
        {
          where,
          expected: `${name} to be imported by ${row.importers.join(', ')} only (${row.reason})`,
          found: 'another importer',
          hint: `call what ${row.importers[0]} offers, or add there what is missing`,
        },
      ];
    });
}

function checkName({ file }: Module, { emptyNames }: Rules): readonly Issue[] {
  return file
    .split('/')
    .map((part) => part.replace(/\.ts$/, ''))
    .filter((part) => emptyNames.includes(part))
    .map((part) => ({
      where: `src/${file}`,
      expected: 'names that say what is inside',
      found: part,
      hint: 'put each function beside what it is about',
    }));
}

function checkLength({ file, lines }: Module, { maxLines, longFiles }: Rules): readonly Issue[] {
  if (lines <= maxLines || longFiles[file] !== undefined) return [];
  return [
    {
      where: `src/${file}`,
      expected: `at most ${maxLines} lines`,
      found: `${lines}`,
      hint: 'split it, or give the reason in longFiles of test/architecture/rules.ts',
    },
  ];
}

/** An exception that is no longer needed would hide the next one. */
function checkLongFiles(modules: readonly Module[], { maxLines, longFiles }: Rules): readonly Issue[] {
  return Object.keys(longFiles)
    .filter((file) => !modules.some((module) => module.file === file && module.lines > maxLines))
    .map((file) => ({
      where: `longFiles of test/architecture/rules.ts`,
      expected: `files of more than ${maxLines} lines`,
      found: `src/${file}`,
      hint: 'remove the entry',
    }));
}

/** One issue for every import that closes a cycle. Types may refer to each other: they are gone when the files load. */
function findCycles(modules: readonly Module[]): readonly Issue[] {
  const byFile = new Map(modules.map((module) => [module.file, module]));
  const finished = new Set<string>();
  const issues: Issue[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start !== -1) {
      issues.push({
        where: `src/${file}`,
        expected: 'no import cycle',
        found: [...path.slice(start), file].join(' → '),
        hint: 'move what two of them need into a file that both import',
      });
      return;
    }
    const module = byFile.get(file);
    if (module === undefined || finished.has(file)) return;
    for (const specifier of module.loads.filter(isRelative)) visit(resolve(module, specifier), [...path, file]);
    finished.add(file);
  };
  for (const { file } of modules) visit(file, []);
  return issues;
}
