import { map, type Observable, type OperatorFunction } from 'rxjs';
import { ConfigError } from '../../core/error.ts';
import { formatValue } from '../../core/format.ts';
import { type Forked, fork as forkBranches, isLayer, type Origin } from '../../model/index.ts';
import { Activation, type Handle, HeadLoss, type HeadLosses } from './activation.ts';
import { Answering } from './answer.ts';
import { formatFound } from './found.ts';

/** What a branch of a fork ends in: a head, the heads of a fork of its own, or something to go on from. */
export type ForkBranch = OperatorFunction<Activation, HeadLoss | HeadLosses<string> | Activation>;
type ForkBranches = Readonly<Record<string, ForkBranch>>;

type AnswerOf<Branch> = Branch extends (activation$: Observable<Activation>) => Observable<infer Answer>
  ? Answer
  : never;
/** Names of the heads that branches end in. */
type HeadsOf<Branches> = {
  [Name in keyof Branches]: AnswerOf<Branches[Name]> extends HeadLoss
    ? Name
    : AnswerOf<Branches[Name]> extends Activation
      ? never
      : keyof AnswerOf<Branches[Name]>;
}[keyof Branches] &
  string;
/** Losses by head; or where no branch ends in a head, several tensors by name. */
export type Answers<Branches> =
  AnswerOf<Branches[keyof Branches]> extends Activation ? Activation : HeadLosses<HeadsOf<Branches>>;

/**
 * Lets several branches begin where the trunk ends: each is an operator on the activation. Branches that end in heads
 * give losses by head, those of forks inside them too; branches that end in none give several tensors by name, to be
 * joined with `merge` or taken with `pick`.
 * @throws ConfigError when there are no branches, or one is no operator
 */
export function fork<const Branches extends ForkBranches>(
  branches: Branches,
): OperatorFunction<Activation, Answers<Branches>>;
/** Lets several branches of a graph begin where `origin` ends, and freezes it. */
export function fork<const Asked extends number | readonly string[]>(origin: Origin, branches: Asked): Forked<Asked>;
export function fork(given: ForkBranches | Origin, asked?: number | readonly string[]): unknown {
  if (asked !== undefined || isLayer(given)) return forkBranches(given as Origin, asked as number);
  const branches = given as ForkBranches;
  const names = Object.keys(branches);
  if (names.length === 0)
    throw new ConfigError({ where: 'fork', expected: 'one branch or more, by name', found: formatValue(given) });
  return (activation$: Observable<Activation>) => {
    const running = names.map((name) => {
      const expected = 'one activation or loss for each batch, at once';
      return [name, new Answering(branches[name] as ForkBranch, { where: `branch '${name}'`, expected })] as const;
    });
    return activation$.pipe(
      map((activation) =>
        collected(
          activation,
          running.map(([name, branch]) => [name, branch.answer(begin(activation, name))]),
        ),
      ),
    );
  };
}

/** Where a branch begins. Of several tensors it is not known which it will use. */
function begin(activation: Activation, branch: string): Activation {
  const { interpreter, handles } = activation;
  const [only, ...others] = handles;
  if (!only || others.length > 0) return new Activation(interpreter, handles, { branch, pending: true });
  const [name, handle] = only;
  return new Activation(interpreter, new Map([[name, interpreter.begin(handle, branch)]]), { branch });
}

function collected(forked: Activation, answers: readonly (readonly [string, unknown])[]): Activation | HeadLosses {
  const losses = new Map<string, HeadLoss>();
  const handles = new Map<string, Handle>();
  for (const [branch, answer] of answers) {
    if (answer instanceof Activation) handles.set(branch, endOf(branch, answer));
    else for (const loss of lossesIn(branch, answer)) enter(losses, loss);
  }
  if (losses.size === 0) return forked.with(handles);
  if (handles.size === 0) return Object.fromEntries(losses);
  throw new ConfigError({
    where: 'fork',
    expected: 'branches that all end in heads, or in none',
    found: `heads ${[...losses.keys()].map(formatValue).join(', ')} beside ${[...handles.keys()].map(formatValue).join(', ')}`,
    hint: 'end the others in heads, or fork again after them and pick what each head uses',
  });
}

function endOf(branch: string, activation: Activation): Handle {
  const [handle, ...others] = activation.handles.values();
  if (handle && others.length === 0) return activation.begun(handle);
  throw new ConfigError({
    where: `branch '${branch}'`,
    expected: 'an end in one tensor, or in heads',
    found: `${activation.handles.size} tensors: ${[...activation.handles.keys()].map(formatValue).join(', ')}`,
    hint: "merge('concat') joins them, pick(name) takes one of them",
  });
}

function lossesIn(branch: string, answer: unknown): readonly HeadLoss[] {
  if (answer instanceof HeadLoss) return [answer];
  const found = typeof answer === 'object' && answer !== null ? Object.values(answer) : [];
  if (found.length > 0 && found.every((loss) => loss instanceof HeadLoss)) return found as readonly HeadLoss[];
  throw new ConfigError({
    where: `branch '${branch}'`,
    expected: 'an end in a head, in heads, or in an activation',
    found: formatFound(answer),
    hint: 'branch(layers, loss)',
  });
}

function enter(losses: Map<string, HeadLoss>, loss: HeadLoss): void {
  if (losses.has(loss.head))
    throw new ConfigError({
      where: `head "${loss.head}"`,
      expected: 'a name that is not in use',
      found: 'another head',
    });
  losses.set(loss.head, loss);
}
