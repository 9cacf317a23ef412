import type { LabelSpec } from '../loss/index.ts';
import type { Head, ModelNode, ModelSpec, Objective, ValueId } from '../model/spec.ts';

/** A head that is trained. */
export interface TrainedHead extends Head {
  readonly objective: Objective;
  readonly label: LabelSpec;
}

/** Heads whose losses are computed together: one, or several that are alike. */
export interface HeadGroup {
  /** The name of its inputs and outputs: that of the first head. */
  readonly name: string;
  readonly heads: readonly TrainedHead[];
  /** Of heads that are alike: the layers that end them, and what those are given. */
  readonly fused?: { readonly layers: readonly ModelNode['layer'][]; readonly input: ValueId };
}

export function trainedHeads(spec: ModelSpec): readonly TrainedHead[] {
  return spec.heads.flatMap((head): TrainedHead[] => {
    const { objective, name, shape } = head;
    return objective ? [{ ...head, objective, label: objective.loss.label(shape, `head "${name}"`) }] : [];
  });
}

/** Whether what a training step predicts for any of a group's heads is wanted in every step: see `Prequential`. */
export const isScored = ({ heads }: Pick<HeadGroup, 'heads'>): boolean =>
  heads.some(({ objective }) => objective.prequential > 0);

/** Each head by itself. */
export const oneByOne = (heads: readonly TrainedHead[]): readonly HeadGroup[] =>
  heads.map((head) => ({ name: head.name, heads: [head] }));

/**
 * Heads in groups: those that end in dense layers of the same form on the same activation, and have the same loss, are
 * one matrix product and one loss. What is computed for each is the same, to rounding.
 */
export function groupHeads(spec: ModelSpec, heads: readonly TrainedHead[]): readonly HeadGroup[] {
  const alike = new Map<string, { readonly head: TrainedHead; readonly node: ModelNode }[]>();
  for (const head of heads) {
    const node = lastDense(spec, head);
    const key = node ? keyOf(head, node) : head.name;
    alike.set(key, [...(alike.get(key) ?? []), ...(node ? [{ head, node }] : [])]);
  }
  const fused = [...alike.values()].filter(({ length }) => length > 1);
  const inFused = new Set(fused.flatMap((members) => members.map(({ head }) => head.name)));
  return [
    ...oneByOne(heads.filter(({ name }) => !inFused.has(name))),
    ...fused.map((members): HeadGroup => {
      const [first] = members as [(typeof members)[0]];
      return {
        name: first.head.name,
        heads: members.map(({ head }) => head),
        fused: { layers: members.map(({ node }) => node.layer), input: first.node.inputs[0] as ValueId },
      };
    }),
  ];
}

/** The dense layer that only makes this head's output, when a wider one can stand in for it. */
function lastDense(spec: ModelSpec, { value, objective, shape }: TrainedHead): ModelNode | undefined {
  const node = spec.nodes.find(({ outputs }) => outputs.includes(value));
  if (node?.layer.getClassName() !== 'Dense' || objective.config.type === 'custom' || !objective.fuse) return undefined;
  const uses = spec.nodes.filter(({ layer, inputs }) => layer === node.layer || inputs.includes(value));
  const heads = spec.heads.filter((head) => head.value === value);
  const { activation, kernelRegularizer, biasRegularizer, activityRegularizer, kernelConstraint, biasConstraint } =
    node.layer.getConfig() as Readonly<Record<string, unknown>>;
  const plain = [kernelRegularizer, biasRegularizer, activityRegularizer, kernelConstraint, biasConstraint];
  const fits = uses.length === 1 && heads.length === 1 && activation === 'linear' && plain.every((one) => !one);
  return fits && shape.length === 1 && node.layer.trainable ? node : undefined;
}

function keyOf({ objective, shape, label }: TrainedHead, { layer, inputs }: ModelNode): string {
  return JSON.stringify([inputs, shape, label.shape, layer.weights.length, objective.config]);
}
