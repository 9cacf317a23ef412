import { checkConfig } from '../core/config.ts';
import { ConfigError, type Issue } from '../core/error.ts';
import type { Written } from './file/document.ts';
import type { Environment } from './file/environment.ts';
import { located } from './file/located.ts';
import { readPipelineFile } from './file/read.ts';
import { type PipelineConfig, pipelineOptions, pipelineSchema } from './schema/index.ts';

/** A pipeline whose options were checked, and how to speak of it. */
export interface LoadedPipeline {
  /** As the user named it. */
  readonly file: string;
  readonly config: PipelineConfig;
  /** As it was written, without what came from the environment: for manifests. */
  readonly written: unknown;
  /** The same error with its places in the file, and without what came from the environment. */
  readonly located: (error: unknown) => unknown;
}

/**
 * Reads a pipeline file and checks its options. Sources are not opened.
 * @throws ConfigError with everything that is wrong, each with its place in the file
 */
export async function loadPipeline(file: string, environment: Environment = process.env): Promise<LoadedPipeline> {
  return checkPipeline(await readPipelineFile(file, environment), file);
}

/** A pipeline that a program made. @throws ConfigError with everything that is wrong */
export function pipelineOf(config: unknown, name = 'pipeline'): LoadedPipeline {
  const where = (path: readonly PropertyKey[]): string => path.map(String).join('.') || name;
  return checkPipeline({ value: config, written: config, where, redact: (text) => text }, name);
}

function checkPipeline(written: Written, file: string): LoadedPipeline {
  const checked = checkConfig(pipelineSchema, written.value, written.where);
  const mend = (error: unknown): unknown => located(error, file, written, pipelineOptions);
  const { unfilled = [], where } = written;
  const doubtful = new Set(
    unfilled.flatMap(({ path }) => [...path.keys(), path.length].map((end) => where(path.slice(0, end)))),
  );
  const issues = [
    ...unfilled.map(({ path, ...fault }): Issue => ({ where: where(path), ...fault })),
    ...(checked.ok ? [] : checked.issues.filter((issue) => !doubtful.has(issue.where))),
  ];
  if (!checked.ok || issues.length > 0) throw mend(new ConfigError(issues));
  return { file, config: checked.config, written: written.written, located: mend };
}
