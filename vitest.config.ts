import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    setupFiles: [fileURLToPath(new URL('test/swc.ts', import.meta.url))],
    testTimeout: 30_000,
    reporters: ['default', new SkippedReporter()],
  },
});
