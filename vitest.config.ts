import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // All cores: by default one is left free, which on two of them is half.
    maxWorkers: '100%',
    setupFiles: [fileURLToPath(new URL('test/swc.ts', import.meta.url))],
    testTimeout: 30_000,
    reporters: ['default', new SkippedReporter()],
  },
});
