import { ConfigError } from '../core/error.ts';
import { formatValue } from '../core/format.ts';
import type { BranchSetting } from '../core/steering.ts';
import { didYouMean } from '../core/suggest.ts';
import type { ParameterGroup } from '../model/spec.ts';
import type { HeadChoice } from './state.ts';

/** @throws ConfigError when it can't be a factor, or is none as a float32 */
function checkedFactor(where: string, value: number): number {
  if (Number.isFinite(Math.fround(value)) && value >= 0) return value;
  throw new ConfigError({ where, expected: 'a finite number, 0 or more', found: formatValue(value) });
}

/**
 * What may change from step to step without compiling anything. What is set is refused with a ConfigError when a number
 * is below 0 or not finite, and when the head was retired.
 */
export class HeadSettings {
  readonly #name: string;
  #weight: number;
  #learningRate: number;
  #frozen: boolean;
  #retired = false;

  /** @param name of the head, for errors */
  constructor(name: string, { weight, learningRate, frozen }: HeadChoice) {
    this.#name = name;
    this.#weight = weight;
    this.#learningRate = learningRate;
    this.#frozen = frozen;
  }

  /** Factor of the head's loss in the merged one. */
  get weight(): number {
    return this.#weight;
  }

  set weight(value: number) {
    this.#weight = checkedFactor(`${this.#place()}, weight`, value);
  }

  /** Factor of the learning rate of what only this head uses. */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = checkedFactor(`${this.#place()}, learningRate`, value);
  }

  /** Whether what only this head uses stays as it is. Its labels go on to train what others use too. */
  get frozen(): boolean {
    return this.#frozen;
  }

  set frozen(value: boolean) {
    this.#place();
    this.#frozen = value;
  }

  /** Takes over what was chosen before. */
  choose({ weight, learningRate, frozen }: HeadChoice): void {
    this.weight = weight;
    this.learningRate = learningRate;
    this.frozen = frozen;
  }

  /** Plain data, for checkpoints. */
  choice(): HeadChoice {
    return { weight: this.#weight, learningRate: this.#learningRate, frozen: this.#frozen };
  }

  /** The head is gone: settings that would change nothing are refused. */
  retire(): void {
    this.#retired = true;
  }

  #place(): string {
    const where = `head "${this.#name}"`;
    if (!this.#retired) return where;
    throw new ConfigError({ where, expected: 'a head of the model', found: 'one that was retired' });
  }
}

/** Runtime inputs: of every head, and of all of the model. */
export class Settings {
  readonly heads = new Map<string, HeadSettings>();
  /** Branches whose parameters and moving statistics stay as they are. */
  readonly frozen = new Set<string>();
  readonly #branchRates = new Map<string, number>();
  #learningRate = 1;

  /** Factor of all learning rates, 1 unless set. It is no part of the state. */
  get learningRate(): number {
    return this.#learningRate;
  }

  set learningRate(value: number) {
    this.#learningRate = checkedFactor('learningRate', value);
  }

  /** Factor of the learning rate of a branch, 1 unless set. */
  branchRate(branch: string): number {
    return this.#branchRates.get(branch) ?? 1;
  }

  /** What is chosen for a branch. */
  branch(name: string): BranchSetting {
    return { learningRate: this.branchRate(name), frozen: this.frozen.has(name) };
  }

  /** Chooses for a branch. @throws ConfigError when the rate can't be a factor */
  setBranch(name: string, { learningRate, frozen }: BranchSetting): void {
    this.setBranchRate(name, learningRate);
    if (frozen) this.frozen.add(name);
    else this.frozen.delete(name);
  }

  /** @throws ConfigError when it can't be a factor */
  setBranchRate(branch: string, value: number): void {
    const rate = checkedFactor(`branch "${branch}", learningRate`, value);
    if (rate === 1) this.#branchRates.delete(branch);
    else this.#branchRates.set(branch, rate);
  }

  /** Factors that are not 1, by branch. */
  branchRates(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#branchRates);
  }

  /** Branches are as before any was chosen for. */
  clearBranches(): void {
    this.frozen.clear();
    this.#branchRates.clear();
  }

  /** Whether parameters stay as they are: those of a frozen branch, and those that only a frozen head uses. */
  isFrozen({ branch, heads }: ParameterGroup): boolean {
    const [only, ...others] = heads;
    return this.frozen.has(branch) || (others.length === 0 && this.heads.get(only as string)?.frozen === true);
  }

  /** Gives heads that have no settings yet those they were described with. */
  begin(heads: readonly { readonly name: string; readonly objective: HeadChoice }[]): void {
    for (const { name, objective } of heads)
      if (!this.heads.has(name)) this.heads.set(name, new HeadSettings(name, objective));
  }

  /**
   * The settings of a head, for changing.
   * @throws ConfigError when no head of that name is trained
   */
  head(name: string): HeadSettings {
    const found = this.heads.get(name);
    if (found) return found;
    const known = [...this.heads.keys()];
    throw new ConfigError({
      where: 'head',
      expected: `one of ${known.map((head) => `'${head}'`).join(', ')}`,
      found: `'${name}'`,
      ...didYouMean(name, known),
    });
  }
}
