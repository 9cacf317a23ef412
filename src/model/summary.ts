import { printable } from '../core/format.ts';
import { sizeOf } from '../core/shape.ts';
import { formatTable, type TextColumn } from '../core/text-table.ts';
import { batchShape, formatNumber, parameterCounts, shapesOf, type Use, usesOf } from './outline.ts';
import type { Head, ModelSpec, ParameterGroup } from './spec.ts';

const columns = 100;

const layerColumns: readonly TextColumn[] = [
  { title: 'layer', least: 12 },
  { title: 'class', least: 12 },
  { title: 'output', least: 20 },
  { title: 'parameters', least: 10, align: 'right' },
  { title: 'branch', least: 12 },
];

const headColumns: readonly TextColumn[] = [
  { title: 'head', least: 10 },
  { title: 'output', least: 15 },
  { title: 'loss', least: 10 },
  { title: 'weight', least: 9, align: 'right' },
  { title: 'denominator', least: 11 },
  { title: 'rate', least: 9, align: 'right' },
  { title: 'metrics', least: 10 },
  { title: 'remarks', least: 10 },
];

/**
 * A model as tables, for people: each input and use of a layer with its output's shape and its parameters, each head
 * with its objective, and totals. A layer that is used more than once has its parameters counted at the first use.
 * `rate` is the head's factor of the learning rate. At most 100 characters wide; long names lose their middle.
 */
export function summarize(spec: ModelSpec): string {
  return [
    formatTable(layerColumns, layerRows(spec), columns),
    formatTable(headColumns, spec.heads.map(headRow), columns),
    totals(spec),
  ].join('\n\n');
}

function layerRows(spec: ModelSpec): readonly (readonly string[])[] {
  const { inputs, nodes } = spec;
  const counts = parameterCounts(spec);
  const uses = usesOf(nodes);
  const rows = nodes.map((node, at) => {
    const { layer, branch } = node;
    const { name, number } = uses[at] as Use;
    const parameters = number === 1 ? formatCount(counts.get(layer) ?? 0) : 'shared';
    return [name, layer.getClassName(), shapesOf(node), parameters, branch].map(printable);
  });
  return [
    ...inputs.map(({ name, dtype, shape }) =>
      [name, `input, ${dtype}`, batchShape(shape), formatCount(0), name].map(printable),
    ),
    ...rows,
  ];
}

function headRow({ name, shape, objective, trainingOnly }: Head): readonly string[] {
  const only = trainingOnly ? ['trainingOnly'] : [];
  const row = objective
    ? [
        objective.config.type,
        formatNumber(objective.weight),
        objective.denominator,
        `× ${formatNumber(objective.learningRate)}`,
        objective.metrics.map(({ type }) => type).join(', '),
        [...(objective.frozen ? ['frozen'] : []), ...only].join(', '),
      ]
    : ['', '', '', '', '', ['not trained', ...only].join(', ')];
  return [name, batchShape(shape), ...row].map(printable);
}

/** Why a step does not move a parameter by its gradient; undefined when it does. */
function reasonToStay({ heads }: ParameterGroup, trainable: boolean, frozen: ReadonlySet<string>): string | undefined {
  if (!trainable) return 'in statistics and untrainable layers';
  const [only, ...others] = heads;
  if (only === undefined) return 'without a trained head';
  return others.length === 0 && frozen.has(only) ? 'frozen' : undefined;
}

function totals({ groups, heads }: ModelSpec): string {
  const frozen = new Set(heads.filter(({ objective }) => objective?.frozen).map(({ name }) => name));
  let trained = 0;
  const reasons = new Map<string, number>();
  for (const group of groups)
    for (const { variable } of group.parameters) {
      const reason = reasonToStay(group, variable.trainable, frozen);
      const size = sizeOf(variable.shape);
      if (reason === undefined) trained += size;
      else reasons.set(reason, (reasons.get(reason) ?? 0) + size);
    }
  const rest = [...reasons.values()].reduce((sum, size) => sum + size, 0);
  const why = [...reasons].map(([reason, size]) => `${formatCount(size)} ${reason}`).join(', ');
  const lines = [
    ['parameters', trained + rest, ''],
    ['trainable', trained, ''],
    ['not trainable', rest, why && `  (${why})`],
  ] as const;
  const width = formatCount(trained + rest).length;
  return lines.map(([label, n, note]) => `${label.padEnd(15)}${formatCount(n).padStart(width)}${note}`).join('\n');
}

const formatCount = (count: number): string => count.toLocaleString('en-US');
