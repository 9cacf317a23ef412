import { z } from 'zod';
import type { TrunklineEvent } from '../core/event.ts';
import { plugin } from '../core/plugin.ts';
import { type EngineContext, onnxCpu, onnxCuda } from './onnx.ts';
import type { Engine } from './trainer.ts';

const fields = z.object({});

/**
 * The first of CUDA and the processor that works here. It never installs anything, and WebGPU has to be asked for:
 * a software driver passes for an adapter and would be slower than the processor.
 */
export const auto = plugin({
  type: 'auto',
  summary: 'Uses onnx-cuda where its libraries and a GPU are there, else onnx-cpu; says which and why.',
  fields,
  example: {},
  build: async (_, context: EngineContext): Promise<Engine> => {
    const config = onnxCpu.fields.parse({});
    try {
      return await onnxCuda.build(config, context);
    } catch (error) {
      const reason = (error as Error).message.split('\n')[0];
      const events = (event: TrunklineEvent): void =>
        context.events(
          event.type === 'engineChosen' ? { ...event, reason: `${event.reason}; no CUDA: ${reason}` } : event,
        );
      return onnxCpu.build(config, { events });
    }
  },
});
