import { expect, it, vi } from 'vitest';
import { demonstrate } from '../src/demo.ts';
import type { Engine } from '../src/engine/trainer.ts';

const engine = vi.hoisted(() => ({ train: vi.fn(), close: vi.fn() }));
vi.mock('../src/engine/index.ts', () => ({ openEngine: async () => engine as unknown as Engine }));

it('closes its engine when a step fails', async () => {
  engine.train.mockRejectedValue(new Error('no'));
  await expect(demonstrate(() => {})).rejects.toThrow('no');
  expect(engine.close).toHaveBeenCalledOnce();
});
