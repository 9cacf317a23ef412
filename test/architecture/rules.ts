import type { Rules } from './check.ts';

/** ARCHITECTURE.md, "Who may import whom", as data. Change both together, with the reason there. */
export const rules: Rules = {
  /** Each folder (or file directly in `src/`) may import those of earlier lines; those on one line never import each other. */
  order: [
    ['core'],
    ['ir'],
    ['trace'],
    ['engine'],
    ['loss', 'merge', 'optimizer', 'metric', 'feature', 'sink', 'cluster'],
    ['source'],
    ['model'],
    ['step'],
    ['stream'],
    ['train'],
    ['pipeline'],
    ['daemon'],
    ['index'],
    ['main'],
  ],

  /** Outside the order: what they may import, and the first line of the order that may import them. */
  beside: {
    http: { mayImport: ['core'], importedFrom: 'pipeline' },
    report: { mayImport: ['core'], importedFrom: 'pipeline' },
  },

  /** Every package that `src/` imports: the folders or files that may, and why only those. `*` is everyone. */
  packages: {
    '@dsnp/parquetjs': { importers: ['sink'], reason: 'appends rows to a Parquet file' },
    '@duckdb/node-api': { importers: ['source'], reason: 'reads files of tables' },
    '@bufbuild/protobuf': { importers: ['engine'], reason: 'writes ONNX files' },
    '@dagrejs/dagre': { importers: ['model'], reason: 'places the boxes in pictures of models' },
    '@tensorflow/tfjs-backend-cpu': { importers: ['trace', 'engine'], reason: 'rare kernels, and the eager engine' },
    '@tensorflow/tfjs-core': {
      importers: ['trace', 'engine', 'loss', 'merge', 'metric', 'model', 'step', 'stream', 'train'],
      reason: 'the language of models; the ir below it, and data and reports beside it, do without',
    },
    '@tensorflow/tfjs-layers': {
      importers: ['trace', 'model', 'train', 'pipeline'],
      reason: 'layers exist where a model is described or recorded; what runs it sees programs',
    },
    '@tensorflow/tfjs-node': { importers: ['engine'], reason: 'optional, loaded by its eager engine only' },
    '@tensorflow/tfjs-node-gpu': { importers: ['engine'], reason: 'optional, loaded by its eager engine only' },
    '@swc/core': { importers: ['pipeline'], reason: 'optional, beside ts-node' },
    'apache-arrow': { importers: ['source'], reason: 'reads Arrow files, which DuckDB needs an extension for' },
    commander: { importers: ['main'], reason: 'the command line' },
    fastify: { importers: ['http'], reason: 'one server' },
    koffi: { importers: ['engine'], reason: 'native calls, where sizes are checked before each' },
    leven: { importers: ['core/suggest.ts'], reason: 'edit distance behind every "did you mean"' },
    'log-update': { importers: ['main'], reason: 'the live line on a terminal' },
    lmdb: {
      importers: ['source', 'stream'],
      reason: 'keeps what was accepted before it is said to be, and what waits for labels',
    },
    'lru-cache': { importers: ['engine'], reason: 'compiled programs' },
    'onnxruntime-node': { importers: ['engine'], reason: 'the one thing that knows ONNX Runtime' },
    pino: { importers: ['report/log.ts'], reason: 'the log of the daemon' },
    'prom-client': { importers: ['report/prometheus.ts'], reason: 'one table of metrics' },
    rxjs: {
      importers: ['stream', 'train', 'pipeline', 'daemon', 'report'],
      reason: 'streams; sources and steps below them do without',
    },
    sharp: { importers: ['feature/decoder.ts'], reason: 'optional, decodes images; loaded by the first of them' },
    'ts-node': { importers: ['pipeline'], reason: 'optional, reads pipelines in TypeScript where Node does not' },
    typescript: { importers: ['pipeline'], reason: 'optional, beside ts-node' },
    uplot: { importers: ['report'], reason: 'curves in report.html' },
    yaml: { importers: ['pipeline'], reason: 'pipeline files, with line numbers' },
    zod: { importers: ['*'], reason: 'every plugin declares its options with it' },
  },

  /** Names that say nothing about what is inside. */
  emptyNames: ['util', 'utils', 'helper', 'helpers', 'common', 'manager', 'managers', 'misc', 'shared', 'lib'],

  maxLines: 300,

  /** Files that are longer, and why splitting them would make them harder to read. */
  longFiles: {},
};
