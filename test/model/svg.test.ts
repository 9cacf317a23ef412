import '@tensorflow/tfjs-backend-cpu';
import { layers } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fork, GraphModel, type ModelSpec, svgOf } from '../../src/model/index.ts';
import { hostileModel, sampleModel } from './sample.ts';
import { type Element, elementsOf, parseXml } from './xml.ts';

const picture = (spec: ModelSpec): readonly Element[] => elementsOf(parseXml(svgOf(spec)));
const kinds = ['input', 'layer', 'shared', 'head', 'auxiliary', 'output'];
const ofKind = (elements: readonly Element[], ...wanted: readonly string[]): readonly Element[] =>
  elements.filter(({ name, attributes }) => name === 'g' && wanted.includes(attributes.class ?? ''));
const tooltip = ({ children }: Element): string => children.find(({ name }) => name === 'title')?.text ?? '';
const rectangle = ({ children }: Element) => {
  const { x, y, width, height } = children.filter(({ name }) => name === 'rect').at(-1)?.attributes ?? {};
  return { left: Number(x), top: Number(y), right: Number(x) + Number(width), bottom: Number(y) + Number(height) };
};
type Place = ReturnType<typeof rectangle>;
const apart = (a: Place, b: Place): boolean =>
  a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;

/** As many branches from one layer. */
function manyHeads(count: number): ModelSpec {
  const graph = new GraphModel();
  const trunk = graph.input('x', [4]).add(layers.dense({ units: 2 }));
  fork(trunk, count).forEach((branch, at) => {
    graph.output(`head ${at}`, branch.add(layers.dense({ units: 1 })), { loss: 'meanSquaredError' });
  });
  return graph.describe();
}

describe('svg', () => {
  it('shows every input, use of a layer and head once', () => {
    const elements = picture(sampleModel());
    const shown = (...of: string[]): string[] =>
      ofKind(elements, ...of).map((box) => tooltip(box).split(', ')[0] ?? '');
    expect(shown('input')).toEqual(['image', 'text']);
    expect(ofKind(elements, 'layer', 'shared').map((box) => tooltip(box).split(', ')[1])).toEqual(
      sampleModel().nodes.map(({ layer }, at) => (at === 8 ? 'encoder#2' : layer.name)),
    );
    expect([shown('head'), shown('auxiliary'), shown('output')]).toEqual([
      ['digit', 'match'],
      ['auxiliary'],
      ['embedding'],
    ]);
    expect(ofKind(elements, 'auxiliary').map(tooltip)).toEqual([
      'auxiliary, categoricalCrossentropy × 0.3, denominator present, [batch, 10], training only',
    ]);
    expect(ofKind(elements, 'branch').map(tooltip)).toEqual([
      ...['image', 'text', 'early', 'main', 'pair', 'final', 'same', 'embedding'],
    ]);
    expect(elements.filter(({ attributes }) => attributes['marker-end'])).toHaveLength(19);
  });

  it('needs nothing from elsewhere, and is the same each time', () => {
    const svg = svgOf(sampleModel());
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(/https?:|href|@import|<script|<style/);
    expect(svgOf(sampleModel())).toBe(svg);
  });

  it.each([
    ['the sample', sampleModel],
    ['many heads', () => manyHeads(12)],
  ])('keeps boxes and branches apart, and all inside the picture: %s', (_, make) => {
    const elements = picture(make());
    const { width, height } = elements[0]?.attributes ?? {};
    for (const places of [ofKind(elements, ...kinds).map(rectangle), ofKind(elements, 'branch').map(rectangle)])
      places.forEach((place, at) => {
        expect(places.slice(0, at).filter((other) => !apart(place, other))).toEqual([]);
        expect(
          [place.left, place.top, Number(width) - place.right, Number(height) - place.bottom].map(Math.sign),
        ).toEqual([1, 1, 1, 1]);
      });
  });

  it('flows to the right where many branches would make it wide, with the heads in their order', () => {
    const elements = picture(manyHeads(12));
    const { width, height } = elements[0]?.attributes ?? {};
    expect(Number(width)).toBeLessThan(Number(height));
    const tops = ofKind(elements, 'head').map((box) => rectangle(box).top);
    expect(tops).toEqual(tops.toSorted((a, b) => a - b));
  });

  it('is well-formed whatever the names are, and has them in full', () => {
    const names = ['a"b', '<script>alert(1)</script>', 'x|y & z', "it's", ']]>', '&amp;', 'x'.repeat(300), '温度'];
    const heads = ofKind(picture(hostileModel(names)), 'head');
    expect(heads.map(tooltip)).toEqual(
      names.map((name) => `${name}, meanSquaredError × 1, denominator present, [batch, 1]`),
    );
  });

  it('replaces what XML cannot hold', () => {
    const [head] = ofKind(picture(hostileModel(['a\u0000b\nc\ud800\uffff'])), 'head');
    expect(head && tooltip(head)).toMatch(/^a\ufffdb\ufffdc\ufffd\ufffd, /);
  });

  it('draws a model of one input that is its output', () => {
    const graph = new GraphModel();
    graph.output('same', graph.input('x', [2]));
    expect(ofKind(picture(graph.describe()), ...kinds).map(tooltip)).toEqual([
      'x, float32 [batch, 2]',
      'same, not trained, [batch, 2]',
    ]);
  });
});
