/** One thing that is wrong: where it is, what was expected there, what was found, and one hint. */
export interface Issue {
  /** The place as the user knows it: `file:line:column`, a head, a layer, an op, an option path. */
  readonly where: string;
  readonly expected: string;
  readonly found: string;
  readonly hint?: string;
}

/** Formats an issue as `where: expected …; found …`, with the hint on a line of its own. */
export function formatIssue(issue: Issue): string {
  const line = `${issue.where}: expected ${issue.expected}; found ${issue.found}`;
  return issue.hint === undefined ? line : `${line}\n  hint: ${issue.hint}`;
}

/** An error a user can act on. Carries every issue that was found, not only the first. */
export class TrunklineError extends Error {
  override readonly name: string = 'TrunklineError';
  /** Everything that was found wrong, in the order of the message. */
  readonly issues: readonly Issue[];

  /** @param issues one or more: the message says all of them, one after the other */
  constructor(issues: Issue | readonly Issue[], options?: ErrorOptions) {
    const list = Array.isArray(issues) ? (issues as readonly Issue[]) : [issues as Issue];
    super(list.map(formatIssue).join('\n'), options);
    this.issues = list;
  }
}

/** Shapes or element types that do not fit together. */
export class ShapeError extends TrunklineError {
  override readonly name = 'ShapeError';
}

/** A step function that cannot be recorded or compiled as written. */
export class CompileError extends TrunklineError {
  override readonly name = 'CompileError';
}

/** An engine, native library or worker that cannot do what was asked. */
export class EngineError extends TrunklineError {
  override readonly name = 'EngineError';
}

/** A source or sink whose medium fails, or of which too much is bad. */
export class SourceError extends TrunklineError {
  override readonly name: string = 'SourceError';
}

/** A file that the user named, and that is not there. */
export class MissingFileError extends SourceError {
  override readonly name = 'MissingFileError';
}

/** A value given by the user (option, configuration, argument) that is not acceptable. */
export class ConfigError extends TrunklineError {
  override readonly name = 'ConfigError';
}
