import { trunklineBackend } from './engine/backend.ts';

export { CompileError, ConfigError, EngineError, type Issue, ShapeError, TrunklineError } from './core/error.ts';
export type { EventSink, TrunklineEvent } from './core/event.ts';
export { type Compiled, compile } from './engine/compile.ts';
export { type EngineConfig, engines, openEngine } from './engine/index.ts';
export type { OptimizerType } from './engine/kernel/index.ts';
export type { Program, ProgramStage } from './engine/program.ts';
export type { Engine, GroupSpec, PreparedStep, StepReport, Trainer, TrainerSpec } from './engine/trainer.ts';
export type { StepSettings } from './engine/update.ts';
export { random } from './trace/distribution.ts';
export { type RandomState, withRandom, withRandomName } from './trace/random.ts';
export type { InputSpec, InputSpecs, RecordOptions, Step, StepResult } from './trace/record.ts';

// As importing a backend of TensorFlow.js does: the backend `trunkline` is there, tensors have their methods, and
// layers draw random numbers that can be repeated.
trunklineBackend();
