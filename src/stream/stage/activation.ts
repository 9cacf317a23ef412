import type { Observable, OperatorFunction } from 'rxjs';
import type { Layer, MergeMode, OutputOptions } from '../../model/index.ts';
import type { Merging } from './merging.ts';

/** What an interpreter knows one tensor of an activation by. */
export class Handle {}

/**
 * What a selector's operators act on. One interpreter describes the model with symbolic tensors, once; the other computes
 * a batch with real ones.
 */
export interface Interpreter {
  /** Gives a layer one tensor, or several that it joins. `name` is that of the branch which begins where several are joined. */
  apply(layer: Layer, handles: readonly Handle[], name?: string): Handle;
  /** The beginning of a branch. */
  begin(handle: Handle, branch: string): Handle;
  /** Joins several. */
  merge(handles: readonly Handle[], mode: MergeMode, name?: string): Handle;
  /** Ends a head. */
  loss(handle: Handle, head: string, ending: Ending): HeadLoss;
}

/** What a head is trained for, and what may change while training. */
export interface Ending extends OutputOptions {
  readonly weight$?: Observable<number>;
  readonly learningRate$?: Observable<number>;
  readonly frozen$?: Observable<boolean>;
}

/**
 * What flows through a selector: one tensor, or several by name, of the batch at hand. It is opaque, so that describing a
 * model and computing it can't differ.
 */
export class Activation {
  /** Who knows what the handles stand for: symbolic tensors or real ones. */
  readonly interpreter: Interpreter;
  /** What each tensor is known by, by its name: of an input, a branch, or those that were joined. */
  readonly handles: ReadonlyMap<string, Handle>;
  /** The branch of the innermost fork: what a head is named after. */
  readonly branch: string | undefined;
  /** Whether that branch begins with whatever uses the tensors next: of several it is not known which it will use. */
  readonly pending: boolean;

  /** @param interpreter of the selector: activations are made by it and by the operators, not by users */
  constructor(
    interpreter: Interpreter,
    handles: ReadonlyMap<string, Handle>,
    { branch, pending = false }: { readonly branch?: string | undefined; readonly pending?: boolean } = {},
  ) {
    this.interpreter = interpreter;
    this.handles = handles;
    this.branch = branch;
    this.pending = pending;
  }

  /** The same place in the selector with other tensors. */
  with(handles: ReadonlyMap<string, Handle>): Activation {
    return new Activation(this.interpreter, handles, { branch: this.branch });
  }

  /** One tensor, in the branch that begins with it if none has begun yet. */
  begun(handle: Handle, part?: string): Handle {
    if (!this.pending || this.branch === undefined) return handle;
    return this.interpreter.begin(handle, part === undefined ? this.branch : `${this.branch}.${part}`);
  }
}

/** The loss of one head in the batch at hand. */
export class HeadLoss {
  /** Name of the head. */
  readonly head: string;

  /** @param head that `branch` has ended */
  constructor(head: string) {
    this.head = head;
  }
}

/** Losses by head. */
export type HeadLosses<Heads extends string = string> = { readonly [Head in Heads]: HeadLoss };

/** What a selector answers a batch with. */
export class MergedLoss<Heads extends string = string> {
  /** What is merged, by head. */
  readonly losses: HeadLosses<Heads>;
  /** How they become one. */
  readonly merging: Merging;

  /** @param losses of every head that the batch may train: `mergeLosses` makes this */
  constructor(losses: HeadLosses<Heads>, merging: Merging) {
    this.losses = losses;
    this.merging = merging;
  }
}

/** A part of a selector. */
export type Stage<Given, Answer> = OperatorFunction<Given, Answer>;
