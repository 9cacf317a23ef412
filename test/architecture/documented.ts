import { dirname, relative, resolve } from 'node:path';
import ts from 'typescript';
import type { Issue } from '../../src/core/error.ts';

const form =
  'put it above the declaration, in the form of CONTRIBUTING.md: a sentence, shapes and units, what is thrown';

/** Reads a module by its path; undefined when there is none. */
export type ReadText = (path: string) => string | undefined;

/**
 * Everything that `entry` exports, every public member of the classes among it, and every function of its interfaces, that
 * says nothing about itself; and every one that throws without saying so. What overrides speaks by what it overrides.
 * @param entry path of a module; what it imports by relative paths is followed, packages are not
 */
export function undocumented(entry: string, read: ReadText = ts.sys.readFile): readonly Issue[] {
  const program = programOf(entry, read);
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entry) as ts.SourceFile;
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source) as ts.Symbol);
  const issues: Issue[] = [];
  const seen = new Set<ts.Symbol>();
  const look = (symbol: ts.Symbol, name: string): void => {
    const declarations = symbol.declarations ?? [];
    if (seen.has(symbol) || declarations.length === 0) return;
    seen.add(symbol);
    const tags = symbol.getJsDocTags(checker);
    const where = `${placeOf(declarations[0] as ts.Declaration, dirname(entry))}, ${name}`;
    const speaks = symbol.getDocumentationComment(checker).length > 0;
    if (!speaks && !(isConstructor(symbol) && tags.length > 0))
      issues.push({ where, expected: 'a docstring', found: 'none', hint: form });
    else if (declarations.some(throws) && !tags.some((tag) => tag.name === 'throws'))
      issues.push({ where, expected: '@throws in the docstring', found: 'a throw without', hint: form });
  };
  for (const given of exported) {
    const symbol = given.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(given) : given;
    look(symbol, given.name);
    for (const member of membersOf(symbol, checker))
      look(member, `${given.name}.${isConstructor(member) ? 'constructor' : member.name}`);
  }
  return issues;
}

/** The program of what `entry` imports by relative paths: neither packages nor TypeScript's own library, which take long. */
function programOf(entry: string, read: ReadText): ts.Program {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    allowImportingTsExtensions: true,
    noEmit: true,
    noLib: true,
    types: [],
  };
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost(options),
    fileExists: (path) => read(path) !== undefined,
    readFile: read,
    getSourceFile: (path, target) => {
      const text = read(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, target, true);
    },
    resolveModuleNameLiterals: (literals, from) =>
      literals.map(({ text }) => ({
        resolvedModule: text.startsWith('.')
          ? { resolvedFileName: resolve(dirname(from), text), extension: ts.Extension.Ts }
          : undefined,
      })),
  };
  return ts.createProgram([entry], options, host);
}

/** What users may call or give: of a class all that is public, that of the classes of ours that it extends included. */
function membersOf(symbol: ts.Symbol, checker: ts.TypeChecker): readonly ts.Symbol[] {
  if (symbol.flags & ts.SymbolFlags.Interface)
    return checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol)).filter(isFunction);
  if (!(symbol.flags & ts.SymbolFlags.Class)) return [];
  const constructors = [...(symbol.members?.values() ?? [])].filter(isConstructor);
  const statics = [...(symbol.exports?.values() ?? [])].filter(({ flags }) => !(flags & ts.SymbolFlags.Prototype));
  const properties = checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol));
  return [...constructors, ...statics, ...properties].filter((member) =>
    (member.declarations ?? []).some(
      (declaration) =>
        !(ts.getCombinedModifierFlags(declaration) & hidden) &&
        !((ts.getNameOfDeclaration(declaration)?.kind ?? 0) === ts.SyntaxKind.PrivateIdentifier),
    ),
  );
}

const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Override;

const isConstructor = ({ flags }: ts.Symbol): boolean => (flags & ts.SymbolFlags.Constructor) !== 0;

const isFunction = ({ declarations = [] }: ts.Symbol): boolean =>
  declarations.some(
    (declaration) =>
      ts.isMethodSignature(declaration) ||
      (ts.isPropertySignature(declaration) && declaration.type?.kind === ts.SyntaxKind.FunctionType),
  );

/** Whether a function throws where it stands. */
function throws(declaration: ts.Declaration): boolean {
  if (!ts.isFunctionLike(declaration) || !('body' in declaration)) return false;
  const within = (node: ts.Node): boolean => ts.isThrowStatement(node) || (ts.forEachChild(node, within) ?? false);
  return declaration.body !== undefined && within(declaration.body as ts.Node);
}

function placeOf(declaration: ts.Declaration, folder: string): string {
  const source = declaration.getSourceFile();
  const { line } = source.getLineAndCharacterOfPosition(declaration.getStart());
  return `${relative(folder, source.fileName).replaceAll('\\', '/')}:${line + 1}`;
}
