import { ignoreEvents } from '../core/event.ts';
import { type ConfigOf, family } from '../core/plugin.ts';
import { auto } from './auto.ts';
import { type EngineContext, onnxCpu, onnxCuda, onnxWebgpu } from './onnx.ts';
import { tfjsCpu, tfjsNode, tfjsNodeGpu } from './tfjs.ts';
import type { Engine } from './trainer.ts';

/** Every engine a pipeline may ask for. */
export const engines = family('engine', [onnxCpu, onnxWebgpu, onnxCuda, tfjsCpu, tfjsNode, tfjsNodeGpu, auto]);

/** What a user writes for an engine. */
export type EngineConfig = ConfigOf<(typeof engines.plugins)[number]>;

/**
 * Opens an engine.
 * @throws ConfigError when an option is not acceptable; EngineError when what the engine needs is not installed
 */
export async function openEngine(
  config: EngineConfig = { type: 'onnx-cpu' },
  context: EngineContext = { events: ignoreEvents },
): Promise<Engine> {
  return engines.build(config, context, 'engine');
}
