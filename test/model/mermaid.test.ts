import '@tensorflow/tfjs-backend-cpu';
import { expect, it } from 'vitest';
import { mermaidOf } from '../../src/model/index.ts';
import { hostileModel, sampleModel } from './sample.ts';

it('draws inputs, layers and heads in the subgraphs of their branches', async () => {
  await expect(`${mermaidOf(sampleModel())}\n`).toMatchFileSnapshot('./golden/model.mmd');
});

it.each([
  ['say "hi"', 'say #34;hi#34;'],
  ['<b>', '#60;b#62;'],
  ['a|b', 'a#124;b'],
  ['`code`', '#96;code#96;'],
  ['#quot;', '#35;quot#59;'],
  ['%%{init}%%', '#37;#37;#123;init#125;#37;#37;'],
  ['1. first', '1#46; first'],
  ['v1.5', 'v1.5'],
  ['- item', '#45; item'],
  ['multi-task', 'multi-task'],
  ['_a_b_', '#95;a_b#95;'],
  ['**a**', '#42;#42;a#42;#42;'],
  ['two\nlines', 'two#65533;lines'],
  ['Wärme 温度', 'Wärme 温度'],
])('escapes %j', (name, escaped) => {
  const lines = mermaidOf(hostileModel([name])).split('\n');
  expect(lines).toContain(`  subgraph b2["${escaped}"]`);
  expect(lines).toContain(
    `    h0{{"${escaped}<br/>meanSquaredError × 1<br/>denominator present<br/>[batch, 1]"}}:::head`,
  );
});
