import type { Variable } from '@tensorflow/tfjs-core';
import type { TypedArray } from '../core/dtype.ts';
import { EngineError } from '../core/error.ts';
import { sizeOf } from '../core/shape.ts';
import { nameOf } from '../trace/name.ts';
import { parameterName } from '../trace/recording.ts';
import type { Arena, Region } from './arena.ts';
import { assignValues } from './assignment.ts';
import type { Program } from './program.ts';
import type { Port } from './runner/runner.ts';

/** Port names whose region is the same for every program of a trainer. */
const isShared = (name: string): boolean => /^(parameter|gradient|update)\//.test(name);
/** What a model hands to a kernel that follows it at once, before anything else runs in the thread. */
const isHandedOver = (name: string): boolean => /^(rows|ids)\//.test(name);
const isState = (name: string): boolean => /^(parameter|slot|clock)\//.test(name);

let nextTrainer = 0;

/** @throws EngineError when there are not as many values as are expected */
export function checkLength(name: string, values: TypedArray, expected: number): void {
  if (values.length === expected) return;
  throw new EngineError({ where: `state '${name}'`, expected: `${expected} values`, found: `${values.length}` });
}

/** A variable in its place, and which of its data are there. */
interface Adopted {
  readonly variable: Variable;
  dataId: Variable['dataId'];
}

/** Values for a region. Plain data: it can cross to a worker. */
export interface Written {
  readonly region: Region;
  readonly values: TypedArray;
}

/** Where the tensors of one trainer live in the arena: parameters, slots and clocks once, batches in each slot. */
export class Placement {
  readonly #arena: Arena;
  /** Distinguishes the regions of trainers that share an arena. */
  readonly #prefix = `trainer${nextTrainer++}/`;
  readonly #shared = new Map<string, Region>();
  readonly #variables = new Map<string, Adopted>();
  /** State that was given before there was a place for it. */
  readonly #waiting = new Map<string, TypedArray>();

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** The region that all programs of the trainer share under this name. */
  shared({ name, dtype, shape }: Port): Region {
    const given = this.#waiting.get(name);
    if (given) checkLength(name, given, sizeOf(shape));
    const region = this.#arena.ensure(`${this.#prefix}${name}`, dtype, shape);
    if (given) (this.#arena.view(region.name) as Float32Array).set(given as Float32Array);
    this.#waiting.delete(name);
    this.#shared.set(name, region);
    return region;
  }

  /**
   * Gives variables that have none yet their places, with the values they have now unless others were restored.
   * @throws EngineError when one of them is not finite; then nothing is placed
   */
  adopt(variables: Iterable<Variable>): void {
    const fresh = [...variables].filter((variable) => !this.#variables.has(parameterName(variable)));
    const valued = fresh.filter((variable) => !this.#waiting.has(parameterName(variable)));
    refuseNonFinite(valued);
    for (const variable of fresh) {
      const name = parameterName(variable);
      const region = this.shared({ name, dtype: variable.dtype as Port['dtype'], shape: variable.shape });
      if (valued.includes(variable)) (this.#arena.view(region.name) as Float32Array).set(variable.dataSync());
      this.#variables.set(name, { variable, dataId: variable.dataId });
    }
  }

  /**
   * Values that variables were given by others since they were placed or pulled, `layer.setWeights` say: what is to be
   * written before anything else is computed. They count as written.
   * @throws EngineError when one of them is not finite; then none counts
   */
  replaced(): readonly Written[] {
    const given = [...this.#variables].filter(([, { variable, dataId }]) => variable.dataId !== dataId);
    if (given.length === 0) return [];
    refuseNonFinite(given.map(([, { variable }]) => variable));
    return given.map(([name, adopted]) => {
      adopted.dataId = adopted.variable.dataId;
      return { region: this.#shared.get(name) as Region, values: adopted.variable.dataSync().slice() as TypedArray };
    });
  }

  /** Writes them here and now: to be called between steps. */
  takeOver(): void {
    for (const { region, values } of this.replaced())
      (this.#arena.view(region.name) as Float32Array).set(values as Float32Array);
  }

  /**
   * A region for every port of a program. Those that are not shared are named after `slot` and added to `own`.
   * @param first regions of the program's first slot, for later ones, which share the rows that kernels add
   */
  place(
    program: Program,
    slot: string,
    own: Region[],
    first: Readonly<Record<string, Region>> = {},
  ): Record<string, Region> {
    const regions: Record<string, Region> = {};
    for (const port of program.stages.flatMap((stage) => [...stage.inputs, ...stage.outputs, ...stage.tables])) {
      if (port.name in regions) continue;
      const handedOver = isHandedOver(port.name) ? first[port.name] : undefined;
      if (isShared(port.name)) regions[port.name] = this.shared(port);
      else if (handedOver) regions[port.name] = handedOver;
      else {
        const region = this.#arena.allocate(this.#slotName(slot, port.name), port.dtype, port.shape);
        own.push(region);
        regions[port.name] = region;
      }
    }
    return regions;
  }

  /** The port a region was placed for. */
  portOf(region: string, slot: string): string {
    const own = this.#slotName(slot, '');
    return region.slice((region.startsWith(own) ? own : this.#prefix).length);
  }

  /** Views of the regions whose port has the prefix, by `kept` and what follows it. */
  views(regions: Readonly<Record<string, Region>>, prefix: string, kept = ''): Record<string, TypedArray> {
    return Object.fromEntries(
      Object.entries(regions)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, region]) => [kept + name.slice(prefix.length), this.#arena.view(region.name)]),
    );
  }

  /** Parameters, slots and clocks: views where they have a place, and what waits for one. */
  state(): Record<string, TypedArray> {
    this.takeOver();
    const placed = [...this.#shared].filter(([name]) => isState(name));
    return {
      ...Object.fromEntries(this.#waiting),
      ...Object.fromEntries(placed.map(([name, region]) => [name, this.#arena.view(region.name)])),
    };
  }

  /** @throws EngineError when a value has another length than its place */
  restore(state: Readonly<Record<string, TypedArray>>): void {
    for (const [name, values] of Object.entries(state)) {
      const region = this.#shared.get(name);
      const view = region && this.#arena.view(region.name);
      if (view) checkLength(name, values, view.length);
    }
    this.takeOver();
    for (const [name, values] of Object.entries(state)) {
      const region = this.#shared.get(name);
      if (region) (this.#arena.view(region.name) as Float32Array).set(values as Float32Array);
      else this.#waiting.set(name, values.slice() as TypedArray);
    }
  }

  /** Copies the placed values back into the variables. */
  pull(): void {
    this.takeOver();
    for (const [name, adopted] of this.#variables) {
      assignValues(adopted.variable, this.#arena.view((this.#shared.get(name) as Region).name));
      adopted.dataId = adopted.variable.dataId;
    }
  }

  free(own: readonly Region[]): void {
    for (const { name } of own) this.#arena.free(name);
  }

  /** Frees what programs share. */
  close(): void {
    this.free([...this.#shared.values()]);
    this.#shared.clear();
  }

  #slotName(slot: string, port: string): string {
    return `${this.#prefix}${slot}/${port}`;
  }
}

/** @throws EngineError naming each variable that is not finite */
export function refuseNonFinite(variables: Iterable<Variable>): void {
  const issues = [...variables].flatMap((variable) => {
    const values = variable.dataSync();
    const at = values.findIndex((value) => !Number.isFinite(value));
    if (at === -1) return [];
    return {
      where: `variable '${nameOf(variable)}'[${at}]`,
      expected: 'finite values to start from',
      found: `${values[at]}`,
      hint: 'check its initialiser, or what was assigned to it',
    };
  });
  if (issues.length > 0) throw new EngineError(issues);
}
