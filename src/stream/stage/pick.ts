import { map, type OperatorFunction } from 'rxjs';
import type { Activation } from './activation.ts';
import { flowOf } from './trunk.ts';

/** Goes on with one of several tensors: an input of the batch, or what a branch of a fork ended in. */
export function pick(name: string): OperatorFunction<Activation, Activation> {
  return map((activation) => {
    const flow = activation.begun(flowOf(activation, name, 'pick'));
    return activation.with(new Map([[name, flow]]));
  });
}
