import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/skipped.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    setupFiles: ['test/swc.ts'],
    testTimeout: 30_000,
    reporters: ['default', new SkippedReporter()],
  },
});
