import { shorten } from '../core/format.ts';
import { layOut, type Point, type Rectangle, type Size } from './layout.ts';
import { type Box, type HeadNotes, outlineOf, type Stage } from './outline.ts';
import { routesOf } from './route.ts';
import type { ModelSpec } from './spec.ts';

interface Colour {
  /** For borders and text on any background. */
  readonly line: string;
  readonly pale: string;
  /** The ground of white text. */
  readonly deep: string;
}

/** Of branches, in turn. */
const colours: readonly Colour[] = [
  { line: '#5b8fd6', pale: '#eaf2fd', deep: '#3b6fb6' },
  { line: '#4fa57c', pale: '#e8f6ee', deep: '#2e7d57' },
  { line: '#c9923e', pale: '#fcf3e2', deep: '#96691a' },
  { line: '#9678cf', pale: '#f2edfc', deep: '#7253b5' },
  { line: '#cf6f8c', pale: '#fcebf0', deep: '#b04a6a' },
  { line: '#3fa3ad', pale: '#e4f6f7', deep: '#237a82' },
  { line: '#8a9a45', pale: '#f3f6e2', deep: '#6b7a22' },
  { line: '#c97b5a', pale: '#fbeee8', deep: '#a9572f' },
];

const arrowColour = '#8b949e';
const dark = '#1f2328';
const titleSize = 14;
const lineSize = 12;
const lineHeight = 17;
const padding = { x: 14, y: 9 };
/** Characters of a name that are shown; all of them are in the tooltip. */
const shownLength = 32;
const fonts = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif";

/**
 * A model as an SVG picture that needs nothing else: inputs, layers and heads as boxes, branches in colours of their
 * own. A dashed border marks a head that exists only while training, a pale one is not trained, and boxes that lie on
 * others are uses of a shared layer. Legible on light and dark ground.
 * @param stages what samples come through before the inputs, and `notes` on heads: see `outlineOf`
 */
export function svgOf(spec: ModelSpec, stages: readonly Stage[] = [], notes?: HeadNotes): string {
  const outline = outlineOf(spec, stages, notes);
  const { boxes, branches } = outline;
  const layout = layOut(outline, boxes.map(boxSize));
  const colourOf = (branch: string): Colour => colours[branches.indexOf(branch) % colours.length] as Colour;
  const [width, height] = [px(layout.width), px(layout.height)];
  const rectangle = (of: readonly Rectangle[], at: number): Rectangle => of[at] as Rectangle;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${fonts}" font-size="${lineSize}">`,
    `<title>${stages.length > 0 ? 'Pipeline' : 'Model'}</title>`,
    `<defs><marker id="trunkline-arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0.5 8 4 0 7.5 2 4z" fill="${arrowColour}"/></marker></defs>`,
    ...branches.map((branch, at) => drawnBranch(branch, rectangle(layout.branches, at), colourOf(branch))),
    `<g fill="none" stroke="${arrowColour}" stroke-width="1.5">`,
    ...routesOf(outline, layout).map((curves) => `<path d="${pathOf(curves)}" marker-end="url(#trunkline-arrow)"/>`),
    '</g>',
    ...boxes.map((box, at) => drawnBox(box, rectangle(layout.boxes, at), colourOf(box.branch))),
    '</svg>',
  ].join('\n');
}

function drawnBranch(branch: string, { x, y, width, height }: Rectangle, { line }: Colour): string {
  const at = `x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"`;
  const name = escapeXml(shorten(branch, Math.floor(width / 7.5)));
  return [
    `<g class="branch"><title>${escapeXml(branch)}</title>`,
    `<rect ${at} rx="12" fill="${line}" fill-opacity="0.09" stroke="${line}" stroke-opacity="0.35"/>`,
    `<text x="${px(x + 10)}" y="${px(y + 16)}" font-size="11" font-weight="600" fill="${line}">${name}</text></g>`,
  ].join('');
}

function drawnBox({ kind, title, lines }: Box, { x, y, width, height }: Rectangle, colour: Colour): string {
  const solid = kind === 'head';
  const at = `width="${px(width)}" height="${px(height)}" rx="${kind === 'input' || kind === 'source' ? px(height / 2) : 7}"`;
  const style = `fill="${solid ? colour.deep : colour.pale}" stroke="${solid ? colour.deep : colour.line}" stroke-width="1.5"`;
  const middle = x + width / 2;
  const texts = [title, ...lines].map((text, row) => {
    const looks = row === 0 ? ` font-size="${titleSize}" font-weight="600"` : '';
    const top = y + padding.y + lineHeight * (row + 0.72);
    return `<tspan x="${px(middle)}" y="${px(top)}"${looks}>${escapeXml(shorten(text, shownLength))}</tspan>`;
  });
  return [
    `<g class="${kind}"><title>${escapeXml([title, ...lines].join(', '))}</title>`,
    ...(kind === 'shared' ? [`<rect x="${px(x + 5)}" y="${px(y + 5)}" ${at} ${style}/>`] : []),
    `<rect x="${px(x)}" y="${px(y)}" ${at} ${style}${kind === 'auxiliary' ? ' stroke-dasharray="5 4"' : ''}/>`,
    `<text text-anchor="middle" fill="${solid ? '#ffffff' : dark}">${texts.join('')}</text></g>`,
  ].join('');
}

function boxSize({ title, lines }: Box): Size {
  const width = Math.max(
    textWidth(shorten(title, shownLength), titleSize * 1.08),
    ...lines.map((line) => textWidth(shorten(line, shownLength), lineSize)),
  );
  return { width: Math.ceil(width) + 2 * padding.x, height: (lines.length + 1) * lineHeight + 2 * padding.y };
}

/** About how wide a text is: readers' fonts differ, so on the safe side. In the unit of the font's size. */
function textWidth(text: string, size: number): number {
  const widths = [...text].map((character) =>
    /[ .,:;'|!()[\]ijlI]/.test(character) ? 0.38 : /[\u{2E80}-\u{10FFFF}mwMW@%]/u.test(character) ? 1 : 0.63,
  );
  return size * widths.reduce((sum, width) => sum + width, 0);
}

function pathOf(curves: ReturnType<typeof routesOf>[number]): string {
  const [start] = curves[0] as (typeof curves)[number];
  const shown = ({ x, y }: Point): string => `${px(x)} ${px(y)}`;
  return `M${shown(start)}${curves.map(([, ...points]) => `C${points.map(shown).join(' ')}`).join('')}`;
}

/** A length, to a tenth of a pixel. */
const px = (length: number): string => String(Math.round(length * 10) / 10);

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] as string);
}
