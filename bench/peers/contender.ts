import type { Start } from './process.ts';

/** Who takes part: how it is started, and on which work, if not on all. */
export interface Contender extends Start {
  /** In the table, after the framework's own name. */
  readonly title: string;
  /** Work by its id, or with a number of rows, as `dense` or `dense-32`. */
  readonly on?: readonly string[];
  /** Why it is not on the others. */
  readonly because?: string;
  /** By work: why its loss is another one than ours, where it is and that is no fault. */
  readonly differs?: Readonly<Record<string, string>>;
}

const torch = (form: string, title: string, more: Partial<Contender> = {}): Contender => ({
  file: 'torch.py',
  form,
  title,
  ...more,
});
/** One column is enough to compare them, and compiling takes its time. */
const forms = { on: ['dense-128'], because: 'the forms of Adam are compared there' } as const;
const outputs = 'a model with so many outputs takes minutes to compile';
const slow = 'a step takes too long';
const many = ['heads1000', 'heads10000', 'heads100000'];
const moving = 'Adam goes on moving heads that have no label';
const moves = Object.fromEntries(['seq', ...many].map((work) => [work, moving]));
const movesMany = Object.fromEntries(many.map((work) => [work, moving]));
const trained = ['dense', 'cnn', 'deep', 'seq', 'heads100', 'start', 'soak'];
const notMost = [...trained, 'heads1000', 'heads10000'];
const counting = "Adam's bias correction counts steps, not those in which a head had a label";
const countsSteps = Object.fromEntries(['seq', ...many].map((work) => [work, counting]));

export const contenders: readonly Contender[] = [
  { file: 'trunkline.ts', title: '' },
  torch('eager-plain', 'eager, Adam plain', forms),
  torch('eager-foreach', 'eager, Adam foreach', forms),
  torch('eager-fused', 'eager, Adam fused', { differs: movesMany }),
  torch('compile-plain', 'compile, Adam plain', forms),
  torch('compile-foreach', 'compile, Adam foreach', forms),
  torch('compile-fused', 'compile, Adam fused', { on: notMost, because: slow, differs: movesMany }),
  torch('sparse', 'gathered, SparseAdam', {
    on: ['heads100', ...many],
    because: 'it is for many heads',
    differs: countsSteps,
  }),
  {
    file: 'keras.py',
    title: 'jit',
    env: { KERAS_BACKEND: 'tensorflow' },
    on: trained,
    because: outputs,
    differs: moves,
  },
  { file: 'keras.py', title: 'jit', env: { KERAS_BACKEND: 'jax' }, on: trained, because: outputs, differs: moves },
  { file: 'jax.py', title: 'jit', on: notMost, because: slow, differs: movesMany },
  {
    file: 'tfjs.ts',
    form: 'node',
    title: 'native addon',
    on: [...trained, 'heads1000'],
    because: slow,
    differs: { ...countsSteps, ...movesMany },
  },
  { file: 'tfjs.ts', form: 'wasm', title: '', on: ['dense-32', 'dense-128'], because: slow },
  { file: 'tfjs.ts', form: 'cpu', title: '', on: ['dense-32'], because: slow },
  {
    file: 'limit.ts',
    title: '',
    on: ['dense', 'deep', 'cnn', 'seq', 'heads100', ...many],
    because: 'it trains nothing',
  },
];

export const takesPart = ({ on }: Contender, work: string, rows: number): boolean =>
  !on || on.includes(work) || on.includes(`${work}-${rows}`);
