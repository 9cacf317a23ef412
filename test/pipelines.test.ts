import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, test } from 'vitest';
import { ignoreEvents } from '../src/core/event.ts';
import { trunklineBackend } from '../src/engine/backend.ts';
import { assemble } from '../src/pipeline/assemble.ts';
import { loadPipeline } from '../src/pipeline/load.ts';
import { openModel } from '../src/pipeline/run/open.ts';
import { takeSteps } from '../src/stream/take-steps.ts';

trunklineBackend();

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'pipelines');
const files = readdirSync(folder).filter((file) => /\.(ya?ml|json|ts)$/.test(file));

describe.each(files)('pipelines/%s', (file) => {
  test('is checked, and trains for one step when its data is there', { timeout: 240_000 }, async (context) => {
    const loaded = await loadPipeline(join(folder, file));
    const paths = Object.values(loaded.config.sources).flatMap((source) =>
      'path' in source ? [source.path].flat() : [],
    );
    const absent = paths
      .map((path) => String(path))
      .filter((path) => !existsSync(join(root, path)) && !existsSync(path));
    context.skip(absent.length > 0, `its data is not here: ${absent[0]} (npm run data)`);
    const pipeline = await assemble(loaded, { folder: root });
    const { runner, close } = await openModel(pipeline, ignoreEvents);
    try {
      const steps$ = pipeline.batches().pipe(takeSteps(runner), take(1), toArray());
      const [step] = await lastValueFrom(steps$);
      expect(step).toMatchObject({ step: 1 });
      expect(step && 'loss' in step && Number.isFinite(step.loss)).toBe(true);
    } finally {
      await close();
    }
  });
});

test('the pipeline of README.md is one', async () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? [];
  const { readDocument } = await import('../src/pipeline/file/document.ts');
  const { pipelineSchema } = await import('../src/pipeline/schema/index.ts');
  const { value } = readDocument(yaml, 'README.md', {});
  expect(pipelineSchema.parse(value)).toMatchObject({ name: 'tox21', checkpoint: { everySteps: 500 } });
});
