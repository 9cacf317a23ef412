import { describe, expect, test } from 'vitest';
import { formatIssue } from '../../src/core/error.ts';
import { checkArchitecture, type Module, parseModule, type Rules } from './check.ts';

const rules: Rules = {
  order: [['core'], ['engine'], ['loss', 'source'], ['pipeline'], ['main']],
  beside: { report: { mayImport: ['core'], importedFrom: 'pipeline' } },
  packages: {
    heavy: { importers: ['engine'], reason: 'native' },
    '@scope/metrics': { importers: ['report/prometheus.ts'], reason: 'one table' },
    light: { importers: ['*'], reason: 'small' },
  },
  emptyNames: ['utils'],
  maxLines: 300,
  longFiles: {},
};

/** Modules from `file: imports`, each 10 lines long. */
function graph(files: Record<string, readonly string[]>): readonly Module[] {
  return Object.entries(files).map(([file, imports]) => ({ file, imports, loads: imports, lines: 10 }));
}

function issuesOf(modules: readonly Module[], changed: Partial<Rules> = {}): readonly string[] {
  return checkArchitecture(modules, { ...rules, ...changed }).map(formatIssue);
}

test('a graph that keeps the rules has no issues', () => {
  const modules = graph({
    'core/error.ts': ['node:fs', 'fs', 'light'],
    'core/plugin.ts': ['./error.ts'],
    'engine/onnx/encode.ts': ['../../core/error.ts', './proto.ts', 'heavy', 'heavy/deep/file.js'],
    'engine/onnx/proto.ts': [],
    'loss/mse.ts': ['../core/plugin.ts', '../engine/onnx/encode.ts'],
    'report/prometheus.ts': ['../core/plugin.ts', '@scope/metrics'],
    'pipeline/assemble.ts': ['../loss/mse.ts', '../report/prometheus.ts', '../core/error.ts'],
    'main.ts': ['./pipeline/assemble.ts'],
  });
  expect(issuesOf(modules)).toEqual([]);
});

describe('folders', () => {
  test.each<[string, Record<string, readonly string[]>, string]>([
    [
      'an import from above',
      { 'core/error.ts': ['../engine/arena.ts'] },
      'src/core/error.ts: expected no imports from other folders; found one from engine\n' +
        '  hint: engine stands above core: move what is needed down, or pass it in',
    ],
    [
      'an import from above, deep inside',
      { 'engine/onnx/encode.ts': ['../../loss/mse.ts'] },
      'src/engine/onnx/encode.ts: expected imports from core only; found one from loss\n' +
        '  hint: loss stands above engine: move what is needed down, or pass it in',
    ],
    [
      'an import from a sibling',
      { 'loss/mse.ts': ['../source/csv.ts'] },
      'src/loss/mse.ts: expected imports from core, engine only; found one from source\n' +
        '  hint: loss and source stand side by side: move what both need down, or join them where both are visible',
    ],
    [
      'a reporter that looks at the engine',
      { 'report/prometheus.ts': ['../engine/arena.ts'] },
      'src/report/prometheus.ts: expected imports from core only; found one from engine\n' +
        '  hint: report and engine stand side by side: move what both need down, or join them where both are visible',
    ],
    [
      'a reporter imported from below the pipeline',
      { 'loss/mse.ts': ['../report/prometheus.ts'] },
      'src/loss/mse.ts: expected imports from core, engine only; found one from report\n' +
        '  hint: loss and report stand side by side: move what both need down, or join them where both are visible',
    ],
    [
      'an import of the command line',
      { 'pipeline/assemble.ts': ['../main.ts'] },
      'src/pipeline/assemble.ts: expected imports from core, engine, loss, source, report only; found one from main\n' +
        '  hint: main stands above pipeline: move what is needed down, or pass it in',
    ],
    [
      'an unknown folder',
      { 'plumbing/pipe.ts': [] },
      'src/plumbing/pipe.ts: expected a folder that the import rule knows; found plumbing\n' +
        '  hint: add it to test/architecture/rules.ts and to ARCHITECTURE.md, with the reason',
    ],
  ])('reports %s', (_name, files, issue) => {
    expect(issuesOf(graph(files))).toEqual([issue]);
  });
});

describe('packages', () => {
  test('reports a second importer', () => {
    expect(issuesOf(graph({ 'engine/session.ts': ['heavy'], 'loss/mse.ts': ['heavy/sub'] }))).toEqual([
      'src/loss/mse.ts: expected heavy to be imported by engine only (native); found another importer\n' +
        '  hint: call what engine offers, or add there what is missing',
    ]);
  });

  test('reports a second file where a file is named', () => {
    expect(issuesOf(graph({ 'report/log.ts': ['@scope/metrics/text'] }))).toEqual([
      'src/report/log.ts: expected @scope/metrics to be imported by report/prometheus.ts only (one table); found another importer\n' +
        '  hint: call what report/prometheus.ts offers, or add there what is missing',
    ]);
  });

  test('reports a package without a row', () => {
    expect(issuesOf(graph({ 'core/error.ts': ['left-pad'] }))).toEqual([
      'src/core/error.ts: expected imports of packages in the table of test/architecture/rules.ts; found left-pad\n' +
        '  hint: add a row that says who may import it and why',
    ]);
  });
});

describe('cycles', () => {
  const hint = '\n  hint: move what two of them need into a file that both import';

  test('reports the files of a cycle, wherever it is entered', () => {
    const modules = graph({
      'core/a.ts': ['./b.ts'],
      'core/b.ts': ['./c.ts'],
      'core/c.ts': ['./d.ts', './b.ts'],
      'core/d.ts': [],
    });
    expect(issuesOf(modules)).toEqual([
      `src/core/b.ts: expected no import cycle; found core/b.ts → core/c.ts → core/b.ts${hint}`,
    ]);
  });

  test('reports a file that imports itself, and two cycles apart', () => {
    const modules = graph({ 'core/a.ts': ['./a.ts'], 'core/b.ts': ['./c.ts'], 'core/c.ts': ['./b.js'] });
    expect(issuesOf(modules)).toEqual([
      `src/core/a.ts: expected no import cycle; found core/a.ts → core/a.ts${hint}`,
      `src/core/b.ts: expected no import cycle; found core/b.ts → core/c.ts → core/b.ts${hint}`,
    ]);
  });

  test('lets types refer to each other', () => {
    const modules = [
      parseModule('core/a.ts', "import type { B } from './b.ts';"),
      parseModule('core/b.ts', "import { a } from './a.ts';"),
    ];
    expect(issuesOf(modules)).toEqual([]);
    for (const text of [
      "import { type B } from './b.ts';",
      "import { b } from './b.ts'; import type { B } from './b.ts';",
    ])
      expect(issuesOf([parseModule('core/a.ts', text), ...modules.slice(1)])).toHaveLength(1);
  });

  test('does not take two ways to one file for a cycle', () => {
    const modules = graph({
      'core/a.ts': ['./b.ts', './c.ts'],
      'core/b.ts': ['./d.ts'],
      'core/c.ts': ['./d.ts'],
      'core/d.ts': [],
    });
    expect(issuesOf(modules)).toEqual([]);
  });
});

describe('names and lengths', () => {
  test('reports names that say nothing, of folders and of files', () => {
    const issue =
      'expected names that say what is inside; found utils\n  hint: put each function beside what it is about';
    expect(issuesOf(graph({ 'engine/utils/pad.ts': [], 'core/utils.ts': [] }))).toEqual([
      `src/engine/utils/pad.ts: ${issue}`,
      `src/core/utils.ts: ${issue}`,
    ]);
  });

  const long: Module = { file: 'core/long.ts', imports: [], loads: [], lines: 301 };

  test('reports a long file without a reason', () => {
    expect(issuesOf([long, { ...long, lines: 300 }])).toEqual([
      'src/core/long.ts: expected at most 300 lines; found 301\n' +
        '  hint: split it, or give the reason in longFiles of test/architecture/rules.ts',
    ]);
    expect(issuesOf([long], { longFiles: { 'core/long.ts': 'a table' } })).toEqual([]);
  });

  test('reports a reason that is no longer needed', () => {
    expect(issuesOf([{ ...long, lines: 12 }], { longFiles: { 'core/long.ts': 'a table' } })).toEqual([
      'longFiles of test/architecture/rules.ts: expected files of more than 300 lines; found src/core/long.ts\n  hint: remove the entry',
    ]);
  });
});

test('parseModule sees every way to import, and counts lines', () => {
  const text = [
    "import { a } from './a.ts';",
    "import type { B } from './b.ts';",
    "export { c } from './c.ts';",
    "export * from './d.ts';",
    "import './e.ts';",
    "const f = await import('./f.ts');",
    "const g = require('g');",
    "// import { h } from './h.ts';",
    '',
  ].join('\n');
  const { imports, loads, lines } = parseModule('core/x.ts', text);
  expect(imports).toEqual(['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', 'g']);
  expect(loads).toEqual(['./a.ts', './c.ts', './d.ts', './e.ts', './f.ts', 'g']);
  expect(lines).toBe(8);
});
