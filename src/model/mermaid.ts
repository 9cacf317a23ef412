import { type Box, type HeadNotes, outlineOf, type Stage } from './outline.ts';
import type { ModelSpec } from './spec.ts';

/** How each kind of box is drawn: what stands before and after its label. Colours are the theme's. */
const shapes: Readonly<Record<Box['kind'], readonly [string, string]>> = {
  source: ['[(', ')]'],
  operator: ['[/', '/]'],
  input: ['([', '])'],
  layer: ['[', ']'],
  shared: ['[[', ']]'],
  head: ['{{', '}}'],
  auxiliary: ['{{', '}}'],
  output: ['{{', '}}'],
};

/**
 * A model as a Mermaid flowchart: inputs, layers and heads as boxes, branches as subgraphs. A dashed border marks a head
 * that is trained but never predicted, a double one a layer that is used more than once.
 * @param stages what samples come through before the inputs, and `notes` on heads: see `outlineOf`
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function mermaidOf(spec: ModelSpec, stages: readonly Stage[] = [], notes?: HeadNotes): string {
  const { boxes, arrows, branches } = outlineOf(spec, stages, notes);
  const subgraphs = branches.flatMap((branch, at) => [
    `  subgraph b${at}["${escapeLabel(branch)}"]`,
    ...boxes.filter((box) => box.branch === branch).map((box) => `    ${drawn(box)}`),
    '  end',
  ]);
  return [
    'flowchart TD',
    ...subgraphs,
    ...arrows.map(({ from, to }) => `  ${from} --> ${to}`),
    '  classDef head stroke-width:3px',
    '  classDef auxiliary stroke-width:3px,stroke-dasharray:6 4',
  ].join('\n');
}

function drawn({ id, kind, title, lines }: Box): string {
  const [before, after] = shapes[kind];
  const label = [title, ...lines].map(escapeLabel).join('<br/>');
  const style = kind === 'head' || kind === 'auxiliary' ? `:::${kind}` : '';
  return `${id}${before}"${label}"${after}${style}`;
}

/**
 * Text for a quoted label: what Mermaid, Markdown in labels or HTML could read as theirs becomes a character code.
 * Besides signs these are `1.`, `-` and `+` where they would begin a list, and `_` at the edge of a word.
 */
function escapeLabel(text: string): string {
  return text.replace(
    /[^\p{L}\p{N}\p{M} _.,:/()[\]+×=…-]|^[-+](?= )|(?<=^\d+)\.(?= )|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu,
    (character) => `#${character.codePointAt(0)};`,
  );
}
