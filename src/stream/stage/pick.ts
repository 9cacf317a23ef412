import { map, type OperatorFunction } from 'rxjs';
import { ConfigError } from '../../core/error.ts';
import { Activation } from './activation.ts';
import { handleOf } from './trunk.ts';

/**
 * Goes on with some of several tensors, or one of them: inputs of the batch, or what branches of a fork ended in.
 * @param names in the order in which they are joined later
 * @throws ConfigError when none is named; when there is no such tensor, with the first batch
 */
export function pick(...names: readonly string[]): OperatorFunction<Activation, Activation> {
  if (names.length === 0) throw new ConfigError({ where: 'pick', expected: 'one name or more', found: 'none' });
  return map((activation) => {
    const picked = names.map((name) => [name, handleOf(activation, name, 'pick')] as const);
    const { interpreter, branch, pending } = activation;
    if (picked.length > 1) return new Activation(interpreter, new Map(picked), { branch, pending });
    return activation.with(new Map(picked.map(([name, handle]) => [name, activation.begun(handle)])));
  });
}
