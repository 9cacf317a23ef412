import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/core/chunk.ts';
import {
  type Column,
  columnBytes,
  longestRow,
  rowBytes,
  rowSize,
  rowsOfColumn,
  type SequenceColumn,
  writeColumn,
} from '../../src/core/column.ts';
import { ShapeError } from '../../src/core/error.ts';
import { chunkBytes, emptyChunk, gatherRows, sliceChunk } from '../../src/core/rows.ts';
import { sampleRows } from '../stream/sample.ts';

/** The numbers of each row, written out. */
function written(column: Column, rows: number): number[][] {
  const size = rowSize(column);
  const target = new Float32Array(rows * size).fill(99);
  writeColumn(target, column, size);
  return Array.from({ length: rows }, (_, row) => [...target.subarray(row * size, (row + 1) * size)]);
}

/** A row of a chunk, as plain data; of labels only those that are there. */
function rowOf(chunk: Chunk, row: number): unknown {
  const one = sliceChunk(chunk, row, row + 1);
  const text = one.inputs.text as SequenceColumn;
  return {
    x: written(one.inputs.x as Column, 1),
    bits: written(one.inputs.bits as Column, 1),
    text: [...text.values.subarray(text.starts[0], text.starts[1])],
    key: one.keys[0],
    id: one.ids?.[0],
    labels: Object.fromEntries(
      Object.entries(one.labels)
        .filter(([, { present }]) => present[0])
        .map(([head, { values, weight }]) => [head, [values[0], weight?.[0]]])
        .sort(),
    ),
  };
}

const pieces = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

describe('rows of chunks', () => {
  it('are the same rows wherever they are gathered to, and however often', () => {
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(), { minLength: 1, maxLength: 20 }), fc.boolean(), (sizes, picks, sliced) => {
        let start = 10;
        const chunks = sizes.map((size) => {
          const [from, to] = [start, start + size];
          start = to;
          return sliced ? sliceChunk(sampleRows(from - 2, to + 3), 2, 2 + size) : sampleRows(from, to);
        });
        const of = picks.map((pick) => pick % chunks.length);
        const rows = picks.map((pick, at) => (pick >>> 3) % (chunks[of[at] as number] as Chunk).rows);
        const gathered = gatherRows(chunks, { of, rows });
        const expected = of.map((chunk, at) => rowOf(chunks[chunk] as Chunk, rows[at] as number));
        expect(gathered.rows).toBe(picks.length);
        expect(of.map((_, at) => rowOf(gathered, at))).toEqual(expected);
        const again = gatherRows([gathered], { of: of.map(() => 0), rows: of.map((_, at) => at) });
        expect(of.map((_, at) => rowOf(again, at))).toEqual(expected);
      }),
    );
  });

  it('take what only some chunks have for absent, or for its usual value', () => {
    const plain = sampleRows(0, 1);
    const { ids, ...bare } = plain;
    const labels = { a: { values: Float32Array.of(5), present: Uint8Array.of(1) } };
    const weighted = { a: { ...labels.a, weight: Float32Array.of(0.5), bound: Float32Array.of(1) } };
    const chunks: Chunk[] = [
      { ...bare, labels: {}, repeats: Uint8Array.of(1) },
      { ...bare, labels, origins: Int32Array.of(3) },
      { ...plain, labels: weighted, timesMs: Float64Array.of(7) },
    ];
    const gathered = gatherRows(chunks, { of: [0, 1, 2], rows: [0, 0, 0] });
    expect(gathered.labels.a).toEqual({
      values: Float32Array.of(0, 5, 5),
      present: Uint8Array.of(0, 1, 1),
      weight: Float32Array.of(1, 1, 0.5),
      bound: Float32Array.of(0, 0, 1),
    });
    expect(gathered.ids).toEqual(['', '', 'id0']);
    expect(gathered.timesMs).toEqual(Float64Array.of(Number.NaN, Number.NaN, 7));
    expect(gathered.origins).toEqual(Int32Array.of(0, 3, 0));
    expect(gathered.repeats).toEqual(Uint8Array.of(1, 0, 0));
  });

  it('of chunks that are not alike are refused, with all that differs', () => {
    const one: Chunk = {
      ...sampleRows(0, 2),
      labels: { a: { values: new Float32Array(2), present: new Uint8Array(2) } },
    };
    const other: Chunk = {
      ...one,
      inputs: {
        x: { kind: 'dense', size: 3, values: new Float32Array(6) },
        bits: { kind: 'multiHot', size: 9, starts: new Int32Array(3), places: new Int32Array(0) },
        more: { kind: 'sequence', lengths: [3, 5], padding: 0, starts: new Int32Array(3), values: new Float32Array(0) },
      },
      labels: { a: { values: new Float32Array(4), present: new Uint8Array(2) } },
    };
    expect(() => gatherRows([one, other], { of: [0, 1], rows: [0, 0] })).toThrow(
      new ShapeError([
        {
          where: "input 'x'",
          expected: '2 numbers (Float32Array), as in an earlier chunk',
          found: '3 numbers (Float32Array)',
        },
        { where: "input 'bits'", expected: 'multiHot of 7, as in an earlier chunk', found: 'multiHot of 9' },
        {
          where: "input 'text'",
          expected: 'a sequence of 2 or 4 (Int32Array), as in an earlier chunk',
          found: 'nothing',
        },
        {
          where: "input 'more'",
          expected: 'nothing, as in an earlier chunk',
          found: 'a sequence of 3 or 5 (Float32Array)',
        },
        { where: "labels of 'a'", expected: '1 numbers, as in an earlier chunk', found: '2' },
      ]),
    );
  });

  it('that are none are an empty chunk', () => {
    expect(gatherRows([sampleRows(0, 3)], { of: [], rows: [] })).toBe(emptyChunk);
    expect(sliceChunk(sampleRows(0, 3), 1, 1)).toMatchObject({ rows: 0, keys: new Int32Array(0) });
  });

  it('as a slice have nothing but what is a chunk’s', () => {
    const keys = Object.keys(sliceChunk({ ...sampleRows(0, 2), epochEnd: 1 } as Chunk, 0, 2));
    expect(keys.sort()).toEqual(['ids', 'inputs', 'keys', 'labels', 'rows']);
  });
});

describe('columns', () => {
  const starts = Int32Array.of(4, 6, 6, 7);
  const multiHot: Column = { kind: 'multiHot', size: 4, starts, places: Int32Array.of(9, 9, 9, 9, 0, 3, 2) };
  const sequence: SequenceColumn = {
    kind: 'sequence',
    lengths: [1, 3, 8],
    padding: -1,
    starts,
    values: Int32Array.of(9, 9, 9, 9, 5, 6, 7),
  };
  const dense: Column = { kind: 'dense', size: 2, values: Float32Array.of(1, 2, 3, 4, 5, 6) };

  it('are written out row by row: ones, padding to the first length that fits', () => {
    expect(written(multiHot, 3)).toEqual([
      [1, 0, 0, 1],
      [0, 0, 0, 0],
      [0, 0, 1, 0],
    ]);
    expect(written(sequence, 3)).toEqual([
      [5, 6, -1],
      [-1, -1, -1],
      [7, -1, -1],
    ]);
    expect(written(dense, 3)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
  });

  it('know their rows, lengths and bytes', () => {
    expect([multiHot, sequence, dense].map(rowsOfColumn)).toEqual([3, 3, 3]);
    expect([multiHot, sequence, dense].map(rowSize)).toEqual([4, 3, 2]);
    expect(longestRow(sequence)).toBe(2);
    expect([multiHot, sequence, dense].map(columnBytes)).toEqual([28, 28, 24]);
    expect([multiHot, sequence, dense].map((column) => rowBytes(column, 0))).toEqual([12, 12, 8]);
    expect(
      chunkBytes({
        ...emptyChunk,
        rows: 3,
        inputs: { multiHot, dense },
        keys: new Int32Array(3),
        ids: ['a', 'bc', ''],
      }),
    ).toBe(28 + 24 + 12 + 6);
  });
});
