import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { loader, root, trunkline } from './run.ts';

const run = (...args: readonly string[]): ReturnType<typeof trunkline> => trunkline(args);

const folder = mkdtempSync(join(tmpdir(), 'trunkline-'));
afterAll(() => rmSync(folder, { recursive: true }));

const pipeline = (directory: string, epochs: number): string => `
name: tiny
sources:
  train: { type: generator, rows: 600, size: 8, heads: 3, missing: 0.5, features: { x: { tensor: [8] } }, labels: { columns: "head*" } }
  test: { type: generator, rows: 100, first: 600, size: 8, heads: 3, missing: 0, like: train }
stream: { from: train, batch: 20, epochs: ${epochs} }
model:
  trunk: [{ dense: { units: 8, activation: relu } }]
  heads: [{ columns: "head*", from: trunk, layers: [{ dense: { units: 1 } }], loss: binaryCrossentropy, metrics: [rocAuc] }]
evaluate: { from: test, everyEpochs: 100 }
engine: { type: onnx-cpu, threads: 1 }
checkpoint: { directory: ${directory}, keep: 2 }
`;

test('a run that took no step says why', { timeout: 60_000 }, () => {
  const file = join(folder, 'none.yaml');
  const rows = join(folder, 'none.csv');
  writeFileSync(rows, 'a,y\n');
  writeFileSync(
    file,
    pipeline(join(folder, 'none'), 1)
      .replace(
        / {2}train: .*/,
        `  train: { type: csv, path: "${rows}", features: { x: { tensor: { columns: a } } }, labels: { columns: y } }`,
      )
      .replace(/ {2}test: .*\n/, '')
      .replace(/evaluate: .*\n/, '')
      .replace('columns: "head*"', 'columns: y'),
  );
  const { stdout, stderr } = run('train', file);
  expect(stderr).toBe('');
  expect(stdout).toContain('\nno step was taken: there were no rows to train on\n');
  // Nor is there anything to be said of heads.
  expect(stdout).not.toMatch(/^head /m);
  writeFileSync(rows, 'a,y\n1,\n2,\n');
  expect(run('train', file, '--overwrite').stdout).toContain(
    '\nno step was taken: none of 2 rows had a label to train on\n',
  );
});

test('a pipeline is trained, scored, used and exported from the command line', { timeout: 120_000 }, () => {
  const directory = join(folder, 'run');
  const file = join(folder, 'tiny.yaml');
  writeFileSync(file, pipeline(directory, 4));
  const first = run('train', file);
  expect(first.stderr).toBe('');
  expect(first.stdout).toContain('epoch 4/4 ended at step 108');
  expect(first.stdout).toMatch(/^head3 +1,\d\d\d +0\.\d{4} +100 +0\.\d{4} +0\.\d{4} /m);
  expect(readdirSync(directory).sort()).toEqual(['checkpoints', 'manifest.json', 'metrics.ndjson', 'report.html']);
  expect(readdirSync(join(directory, 'checkpoints'))).toContain('step-000000108');

  const again = run('train', file);
  expect(again.status).toBe(2);
  expect(again.stderr).toBe(
    `${directory}: expected no run in the run folder; found one\n  hint: go on with it (--resume), replace it (--overwrite), or choose another folder (checkpoint.directory)\n`,
  );

  const scores = JSON.parse(run('evaluate', file, '--json').stdout);
  expect(scores).toMatchObject({ source: 'test', step: 108, rows: 100, rejected: 0 });
  const out = join(folder, 'out.ndjson');
  expect(run('predict', file, '--out', out).stdout).toBe(`100 rows of test predicted as of step 108: ${out}\n`);
  const lines = readFileSync(out, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines).toHaveLength(100);
  expect(Object.keys(lines[0])).toEqual(['row', 'head1', 'head2', 'head3']);
  expect(lines.every(({ head1 }) => head1 > 0 && head1 < 1)).toBe(true);

  for (const format of ['onnx', 'tfjs', 'safetensors'])
    expect(run('export', file, '--format', format)).toMatchObject({ status: 0, stderr: '' });
  expect(readdirSync(directory)).toEqual(expect.arrayContaining(['tiny.onnx', 'tiny-tfjs', 'tiny.safetensors']));
});

test('an interrupt ends a run with a checkpoint, and it goes on to the same end, bit for bit, as one that nobody reads of', {
  timeout: 120_000,
}, async () => {
  const parametersAfter = async (name: string, interrupt: boolean): Promise<string> => {
    const directory = join(folder, name);
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, pipeline(directory, 100));
    const child = spawn(process.execPath, [...loader, 'train', file, '--json'], { cwd: root });
    let seen = '';
    let asked = !interrupt;
    child.stdout.on('data', (data) => {
      seen += data;
      // Nobody reads any more of one that is to go on to its end.
      if (!interrupt) child.stdout.destroy();
      if (asked || !seen.includes('"step":30,')) return;
      asked = child.kill('SIGINT');
    });
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(0);
    if (interrupt) {
      expect(seen).toContain('"outcome":"stopped"');
      expect(run('train', file, '--resume')).toMatchObject({ status: 0, stderr: '' });
    }
    const last = readdirSync(join(directory, 'checkpoints')).sort().at(-1) as string;
    expect(last).toBe('step-000002700');
    return readFileSync(join(directory, 'checkpoints', last, 'parameters.safetensors')).toString('hex');
  };
  expect(await parametersAfter('interrupted', true)).toBe(await parametersAfter('whole', false));
});

test('an interrupt says how to go on; a second one ends the process at once', { timeout: 120_000 }, async () => {
  const interrupted = async (file: string, times: number) => {
    const child = spawn(process.execPath, [...loader, 'train', file], { cwd: root });
    let [said, sent] = ['', 0];
    child.stdout.on('data', (data) => {
      said += data;
      const begun = said.includes('epoch 1/') ? 1 : 0;
      const wanted = Math.min(times, said.includes('stopping after') ? 2 : begun);
      if (sent < wanted) sent += Number(child.kill('SIGINT'));
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    return { status, said };
  };
  const [once, twice] = ['once', 'twice'].map((name) => join(folder, `${name}.yaml`)) as [string, string];
  writeFileSync(once, pipeline(join(folder, 'once'), 100_000));
  const first = await interrupted(once, 1);
  expect(first.status).toBe(0);
  expect(first.said).toContain('\nstopping after the steps under way; once more to stop at once\n');
  expect(first.said).toContain(`\nstopped; to go on: trunkline train ${once} --resume\n`);
  // The first asks for the last evaluation, which takes longer than anybody waits.
  writeFileSync(twice, pipeline(join(folder, 'twice'), 100_000).replace('rows: 100,', 'rows: 1000000000,'));
  const second = await interrupted(twice, 2);
  expect(second.status).toBe(130);
  expect(second.said).not.toContain('to go on');
});

test('a run of which nothing is finite any more is ended, and says why', { timeout: 120_000 }, () => {
  const file = join(folder, 'diverges.yaml');
  const text = pipeline(join(folder, 'diverges'), 400);
  writeFileSync(file, `${text}optimizer: { type: adam, learningRate: 1.0e+37 }\n`);
  const { status, stdout } = run('train', file);
  expect(stdout).toContain('stopping: no finite loss or gradient in 10 batches in a row');
  expect(status).toBe(1);
});
