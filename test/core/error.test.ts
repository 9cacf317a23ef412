import { expect, test } from 'vitest';
import {
  CompileError,
  ConfigError,
  EngineError,
  formatIssue,
  ShapeError,
  TrunklineError,
} from '../../src/core/error.ts';

const issue = {
  where: 'pipelines/tox21.yaml:14:11  heads[0].loss',
  expected: "one of 'binaryCrossentropy', 'meanSquaredError'",
  found: "'binaryCrossEntropy'",
};

test('formatIssue says where, what was expected and found, and puts the hint on its own line', () => {
  const line =
    "pipelines/tox21.yaml:14:11  heads[0].loss: expected one of 'binaryCrossentropy', 'meanSquaredError'; found 'binaryCrossEntropy'";
  expect(formatIssue(issue)).toBe(line);
  expect(formatIssue({ ...issue, hint: "did you mean 'binaryCrossentropy'?" })).toBe(
    `${line}\n  hint: did you mean 'binaryCrossentropy'?`,
  );
});

test.each([
  ['TrunklineError', TrunklineError],
  ['ShapeError', ShapeError],
  ['CompileError', CompileError],
  ['EngineError', EngineError],
  ['ConfigError', ConfigError],
])('%s carries its issues, their text, its name and its cause', (name, Class) => {
  const cause = new Error('underneath');
  const second = { where: 'x', expected: 'a', found: 'b' };
  const error = new Class([issue, second], { cause });
  expect(error).toBeInstanceOf(TrunklineError);
  expect(error.name).toBe(name);
  expect(error.cause).toBe(cause);
  expect(error.issues).toEqual([issue, second]);
  expect(error.message).toBe(`${formatIssue(issue)}\nx: expected a; found b`);
  expect(new Class(second).issues).toEqual([second]);
});
