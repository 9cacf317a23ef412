import { map, type OperatorFunction } from 'rxjs';
import { ConfigError, type Issue } from '../../core/error.ts';
import { formatValue, oneOf, quote } from '../../core/format.ts';
import { didYouMean } from '../../core/suggest.ts';
import { inputNamesOf, isLayer, type Layer, lambda, type TensorFunction } from '../../model/index.ts';
import type { Activation, Handle } from './activation.ts';

/** What a trunk or a branch consists of: layers, models as layers, functions of tensors. */
export type Grown = Layer | TensorFunction;
export type Chain = Grown | readonly Grown[];

/**
 * Layers that every head after them shares, one after the other: layers, models, or functions of tensors. Several
 * tensors are given to the first together, which joins them: a model of several inputs takes them by its inputs' names,
 * all else in their order. Given as an object, each of several tensors goes through layers of its own, and those without
 * any pass.
 * @throws ConfigError when something is none of these
 */
export function trunk(
  ...grown: readonly Grown[] | readonly [Readonly<Record<string, Chain>>]
): OperatorFunction<Activation, Activation> {
  const [first] = grown;
  if (grown.length === 1 && isRecord(first)) return trunkOfParts(first);
  const layers = layersOf(grown as readonly Grown[], 'trunk');
  return map((activation) => through(activation, layers));
}

function trunkOfParts(parts: Readonly<Record<string, Chain>>): OperatorFunction<Activation, Activation> {
  const chains = Object.entries(parts).map(([name, chain]) => [name, layersOf(chain, `trunk, '${name}'`)] as const);
  return map((activation) => {
    const { interpreter, handles } = activation;
    for (const [name] of chains) handleOf(activation, name, 'trunk');
    const grown = [...handles].map(([name, handle]): [string, Handle] => {
      const layers = chains.find(([part]) => part === name)?.[1] ?? [];
      return [name, chained(interpreter, activation.begun(handle, name), layers)];
    });
    return activation.with(new Map(grown));
  });
}

/** One tensor through layers, or several through the first, which joins them. */
export function through(activation: Activation, layers: readonly Layer[]): Activation {
  const { interpreter, handles, branch, pending } = activation;
  const [first, ...others] = layers;
  if (!first) return activation;
  const [only, ...rest] = handles;
  if (only && rest.length === 0) {
    const [name, handle] = only;
    return activation.with(new Map([[name, chained(interpreter, activation.begun(handle), layers)]]));
  }
  const names = inputNamesOf(first) ?? [...handles.keys()];
  const given = names.map((name) => handleOf(activation, name, `layer '${first.name}'`));
  const joined = interpreter.apply(first, given, pending ? branch : undefined);
  return activation.with(new Map([[names.join('+'), chained(interpreter, joined, others)]]));
}

function chained(interpreter: Activation['interpreter'], from: Handle, layers: readonly Layer[]): Handle {
  return layers.reduce((handle, layer) => interpreter.apply(layer, [handle]), from);
}

/**
 * One of the tensors of an activation.
 * @throws ConfigError with the names there are
 */
export function handleOf({ handles }: Activation, name: string, where: string): Handle {
  const handle = handles.get(name);
  if (handle) return handle;
  const names = [...handles.keys()];
  throw new ConfigError({ where, expected: oneOf(names), found: quote(name), ...didYouMean(name, names) });
}

/**
 * Layers as they were given, functions made layers.
 * @throws ConfigError naming all that is neither
 */
export function layersOf(chain: Chain, where: string): readonly Layer[] {
  const list = (Array.isArray(chain) ? chain : [chain]) as readonly Grown[];
  const issues = list.flatMap((grown, at): readonly Issue[] =>
    typeof grown === 'function' || isLayer(grown)
      ? []
      : [
          {
            where: list.length > 1 ? `${where}[${at}]` : where,
            expected: 'a layer or model of TensorFlow.js, or a function of tensors',
            found: formatValue(grown),
          },
        ],
  );
  if (issues.length > 0) throw new ConfigError(issues);
  return list.map((grown) => (typeof grown === 'function' ? lambda(grown) : grown));
}

function isRecord(given: unknown): given is Readonly<Record<string, Chain>> {
  return typeof given === 'object' && given !== null && Object.getPrototypeOf(given) === Object.prototype;
}
