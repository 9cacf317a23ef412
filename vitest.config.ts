import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

/**
 * Rooms whose tests leave nothing behind in their process: their files follow one another in it, which saves loading
 * TensorFlow.js and all else anew for each. The others have a process for each file, as they open engines, change the
 * environment or let threads fail.
 */
const together = [
  'core',
  'feature',
  'http',
  'ir',
  'loss',
  'merge',
  'metric',
  'optimizer',
  'pipeline/{file,layer,run}',
  'report',
  'scripts',
  'sink',
  'source',
  'step',
  'stream',
  'trace',
].map((room) => `test/${room}/**/*.test.ts`);

/** But what is measured in a process must be the only thing there. */
const measured = ['test/stream/memory.test.ts'];

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'together', include: together, exclude: measured, isolate: false } },
      { extends: true, test: { name: 'alone', include: ['test/**/*.test.ts'], exclude: together } },
      { extends: true, test: { name: 'measured', include: measured } },
    ],
    pool: 'forks',
    // All cores: by default one is left free, which on two of them is half.
    maxWorkers: '100%',
    setupFiles: [fileURLToPath(new URL('test/swc.ts', import.meta.url))],
    testTimeout: 30_000,
    reporters: ['default', new SkippedReporter()],
  },
});
