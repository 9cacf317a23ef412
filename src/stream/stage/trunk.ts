import { map, type OperatorFunction } from 'rxjs';
import { ConfigError, type Issue } from '../../core/error.ts';
import { formatValue, oneOf, quote } from '../../core/format.ts';
import { didYouMean } from '../../core/suggest.ts';
import { inputNamesOf, isLayer, type Layer, lambda, type TensorFunction } from '../../model/index.ts';
import type { Activation, Flow } from './activation.ts';

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
    const { interpreter, flows } = activation;
    for (const [name] of chains) flowOf(activation, name, 'trunk');
    const grown = [...flows].map(([name, flow]): [string, Flow] => {
      const layers = chains.find(([part]) => part === name)?.[1] ?? [];
      return [name, chained(interpreter, activation.begun(flow, name), layers)];
    });
    return activation.with(new Map(grown));
  });
}

/** One tensor through layers, or several through the first, which joins them. */
export function through(activation: Activation, layers: readonly Layer[]): Activation {
  const { interpreter, flows, branch, pending } = activation;
  const [first, ...others] = layers;
  if (!first) return activation;
  const [only, ...rest] = flows;
  if (only && rest.length === 0) {
    const [name, flow] = only;
    return activation.with(new Map([[name, chained(interpreter, activation.begun(flow), layers)]]));
  }
  const names = inputNamesOf(first) ?? [...flows.keys()];
  const given = names.map((name) => flowOf(activation, name, `layer '${first.name}'`));
  const joined = interpreter.apply(first, given, pending ? branch : undefined);
  return activation.with(new Map([[names.join('+'), chained(interpreter, joined, others)]]));
}

function chained(interpreter: Activation['interpreter'], from: Flow, layers: readonly Layer[]): Flow {
  return layers.reduce((flow, layer) => interpreter.apply(layer, [flow]), from);
}

/**
 * One of the tensors of an activation.
 * @throws ConfigError with the names there are
 */
export function flowOf({ flows }: Activation, name: string, where: string): Flow {
  const flow = flows.get(name);
  if (flow) return flow;
  const names = [...flows.keys()];
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
