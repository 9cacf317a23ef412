import { trunklineBackend } from './engine/backend.ts';

export {
  CompileError,
  ConfigError,
  EngineError,
  type Issue,
  ShapeError,
  SourceError,
  TrunklineError,
} from './core/error.ts';
export type { EventSink, TrunklineEvent } from './core/event.ts';
export { type Compiled, compile } from './engine/compile.ts';
export { explain } from './engine/explain.ts';
export { type EngineConfig, engines, openEngine } from './engine/index.ts';
export type { OptimizerType } from './engine/kernel/index.ts';
export type { Program, ProgramStage } from './engine/program.ts';
export type {
  Between,
  Engine,
  EngineStatus,
  GroupSpec,
  PreparedInference,
  PreparedStep,
  StepReport as EngineReport,
  Trainer,
  TrainerSpec,
} from './engine/trainer.ts';
export type { StepSettings } from './engine/update.ts';
export { type Feature, type FeatureConfig, features } from './feature/index.ts';
export { denominators, type Loss, type LossConfig, losses } from './loss/index.ts';
export {
  type Gradients,
  type HeadState,
  type MergeConfig,
  type MergeState,
  type MergeStrategy,
  merges,
  type PresentHead,
} from './merge/index.ts';
export { type Metric, type MetricConfig, metrics } from './metric/index.ts';
export {
  Branch,
  type Branches,
  Fork,
  formatModel,
  type LossNode,
  lambda,
  type MergeMode,
  type ModelSpec,
  mermaidOf,
  type OutputOptions,
  summarize,
  svgOf,
} from './model/index.ts';
export {
  type Optimizer,
  type OptimizerConfig,
  optimizers,
  type Schedule,
  type ScheduleConfig,
  schedules,
} from './optimizer/index.ts';
export { type AssembleOptions, assemble, type Pipeline } from './pipeline/assemble.ts';
export { type LoadedPipeline, loadPipeline, pipelineOf } from './pipeline/load.ts';
export { definePipeline, type PipelineConfig, type PipelineInput } from './pipeline/schema/index.ts';
export {
  type DeadLetterConfig,
  deadLetters,
  type Sink,
  type SinkColumn,
  type SinkConfig,
  type SinkContext,
  type SinkRow,
  sinks,
} from './sink/index.ts';
export {
  type ClassName,
  fitFeatures,
  type LabelScale,
  type MappingConfig,
  type ParsedSourceConfig,
  type Position,
  type SampleSource,
  type SamplesOptions,
  type SourceConfig,
  type SourceContext,
  samples,
  sources,
  type TableColumn,
  type TableReading,
  type TableReadOptions,
  type TableSource,
  tableOf,
} from './source/index.ts';
export type { Batch, HeadLabels } from './step/batch.ts';
export type { HeadReport, SkippedStep, StepReport } from './step/report.ts';
export { type RunnerOptions, StepRunner } from './step/runner.ts';
export type { PrequentialScores } from './step/scored-window.ts';
export type { HeadSettings } from './step/settings.ts';
export type { StepState } from './step/state.ts';
export {
  type Activation,
  type BatchOptions,
  type BranchOptions,
  batch,
  branch,
  describeSelector,
  type EpochEnd,
  type FlowCounts,
  type FromSourceOptions,
  fork,
  fromSource,
  type GradientReport,
  type GradientStepOptions,
  gradientStep,
  type HeadLoss,
  type HeadLosses,
  heads,
  type InputShape,
  interleave,
  keep,
  labelsOf,
  type MergedLoss,
  merge,
  mergeLosses,
  openRecording,
  pick,
  type Recording,
  type RecordingOptions,
  type ReservoirOptions,
  type RouteOptions,
  type RouteRule,
  record,
  reservoir,
  route,
  type Selector,
  type ShuffleOptions,
  type StepItem,
  type StreamBatch,
  type StreamChunk,
  type StreamState,
  shuffle,
  sum,
  takeSteps,
  trunk,
} from './stream/index.ts';
export * from './stream/stage/configs.ts';
export { random } from './trace/distribution.ts';
export { type RandomState, withRandom, withRandomName } from './trace/random.ts';
export type { InputSpec, InputSpecs, RecordOptions, Step, StepResult } from './trace/record.ts';
export type { CompileOptions } from './train/compile-options.ts';
export type { DatasetOptions, Features, Labels, StepOptions } from './train/dataset.ts';
export { type OnnxOptions, toLayersModel, toOnnx } from './train/export.ts';
export type { Epoch, FitOptions } from './train/fit.ts';
export { Graph } from './train/graph.ts';
export type { Prediction } from './train/predict.ts';
export type { HeadScores } from './train/scores.ts';

// As importing a backend of TensorFlow.js does: the backend `trunkline` is there, tensors have their methods, and
// layers draw random numbers that can be repeated.
trunklineBackend();
