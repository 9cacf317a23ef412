import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

/** What keeps items in a queue that nobody bounds: what reads on demand must not flow through it. */
const hiddenQueues = [
  ...['concatMap', 'concatMapTo', 'concatAll', 'mergeMap', 'mergeMapTo', 'flatMap', 'mergeAll', 'mergeScan', 'expand'],
  ...['zip', 'zipAll', 'zipWith', 'shareReplay', 'publishReplay', 'ReplaySubject', 'delay', 'delayWhen', 'observeOn'],
  ...[
    'buffer',
    'bufferCount',
    'bufferTime',
    'bufferToggle',
    'bufferWhen',
    'windowCount',
    'windowTime',
    'sequenceEqual',
  ],
];

/** Names that a file imports from RxJS. */
function rxjsNames(file: string, text: string): readonly string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return [];
    if (!statement.moduleSpecifier.text.startsWith('rxjs')) return [];
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || ts.isNamespaceImport(bindings)) return ['*'];
    return bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
  });
}

test('operators that hide a queue are seen', () => {
  const text = "import { map, zip as both } from 'rxjs';\nimport * as all from 'rxjs';\nimport { z } from 'zod';";
  expect(rxjsNames('x.ts', text)).toEqual(['map', 'zip', '*']);
});

test('no stream of src/stream goes through a queue that nobody bounds', () => {
  const folder = fileURLToPath(new URL('../../src/stream', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  const found = files.flatMap((file) =>
    rxjsNames(file, readFileSync(`${folder}/${file}`, 'utf8'))
      .filter((name) => name === '*' || hiddenQueues.includes(name))
      .map((name) => `src/stream/${file}: ${name}`),
  );
  expect(files).toContain('from-source.ts');
  expect(found).toEqual([]);
});
