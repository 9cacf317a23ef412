import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Some JSON, and what it should be. */
interface Literal {
  readonly type: string;
  readonly text: string;
}

interface Complaint {
  readonly name: string;
  readonly line: number;
  readonly message: string;
}

/**
 * What TypeScript says of JSON that is written as a literal of a type: it finds what is misspelt, missing or of another
 * type. Each belongs to a file of its own, of that name.
 * @param types declares the types
 */
export function complaintsOf(types: string, literals: ReadonlyMap<string, Literal>): readonly Complaint[] {
  // As if it stood here, so that packages are found.
  const at = fileURLToPath(new URL('./typed-', import.meta.url));
  const texts = new Map<string, string>();
  for (const [name, { type, text }] of literals)
    texts.set(`${name}.ts`, `export const it: ${type} = ${text};\n${types}`);
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts'],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  const own = (path: string): string | undefined =>
    path.startsWith(at) ? texts.get(path.slice(at.length)) : undefined;
  host.fileExists = (path) => own(path) !== undefined || fileExists(path);
  host.readFile = (path) => own(path) ?? readFile(path);
  host.getSourceFile = (path, version) => {
    const text = own(path);
    return text === undefined ? getSourceFile(path, version) : ts.createSourceFile(path, text, version);
  };
  const files = [...texts.keys()].map((name) => at + name);
  const program = ts.createProgram(files, options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => ({
    name: file?.fileName.slice(at.length, -'.ts'.length) ?? '',
    line: 1 + (file?.getLineAndCharacterOfPosition(start).line ?? 0),
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}
