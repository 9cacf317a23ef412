import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lastValueFrom, take, toArray } from 'rxjs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ignoreEvents } from '../src/core/event.ts';
import { trunklineBackend } from '../src/engine/backend.ts';
import { checkNames } from '../src/pipeline/agree.ts';
import { assemble } from '../src/pipeline/assemble.ts';
import { readDocument } from '../src/pipeline/file/document.ts';
import { loadPipeline } from '../src/pipeline/load.ts';
import { openModel } from '../src/pipeline/run/open.ts';
import { pipelineSchema } from '../src/pipeline/schema/index.ts';
import { takeSteps } from '../src/stream/take-steps.ts';

trunklineBackend();

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'pipelines');
const files = readdirSync(folder).filter((file) => /\.(ya?ml|json|ts)$/.test(file));

describe.each(files)('pipelines/%s', (file) => {
  test('is checked, and trains for one step when its data is there', { timeout: 240_000 }, async (context) => {
    const loaded = await loadPipeline(join(folder, file));
    const paths = Object.values(loaded.config.sources).flatMap((source) =>
      'path' in source && !('follow' in source && source.follow) ? [source.path].flat() : [],
    );
    const absent = paths
      .map((path) => String(path))
      .filter((path) => !existsSync(join(root, path)) && !existsSync(path));
    context.skip(absent.length > 0, `its data is not here: ${absent[0]} (npm run data)`);
    const directory = mkdtempSync(join(tmpdir(), 'trunkline-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const config = { ...loaded.config, checkpoint: { ...loaded.config.checkpoint, directory } };
    const pipeline = await assemble({ ...loaded, config }, { folder: root });
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

const readme = readFileSync(join(root, 'README.md'), 'utf8');
const [whole, ...parts] = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml = '']) =>
  readDocument(yaml, 'README.md', {}),
);

test('the pipeline of README.md is one', () => {
  expect(pipelineSchema.parse(whole?.value)).toMatchObject({ name: 'tox21', checkpoint: { everySteps: 500 } });
});

test('the parts of pipelines in README.md have options and names that there are', () => {
  expect(parts.length).toBeGreaterThan(2);
  const model = { heads: [{ columns: '*', layers: [{ dense: 1 }], loss: 'hinge' }] };
  for (const { value } of parts as readonly { readonly value: { readonly sources?: object } }[]) {
    // A part without sources is one of the pipeline above.
    const others = value.sources
      ? { name: 'part', stream: { from: Object.keys(value.sources)[0] }, model }
      : (whole?.value as object);
    checkNames(pipelineSchema.parse({ ...others, ...value }));
  }
});
