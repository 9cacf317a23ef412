import type * as Koffi from 'koffi';

/** A native address. */
export type Pointer = bigint;

/** What most functions return: null, or a status to read the error from and to release. */
export type Status = Pointer | null;

/** Where a function writes the pointer or the count it gives: a typed array costs koffi less than a list. */
export type Out = BigUint64Array;

type RunArguments = [
  session: Pointer,
  runOptions: null,
  inputNames: Pointer | null,
  inputs: Pointer | null,
  inputCount: number,
  outputNames: Pointer | null,
  outputCount: number,
  outputs: Pointer | null,
];

/** A function that koffi can also call on a thread of its own. */
interface RunFunction {
  (...args: RunArguments): Status;
  async(...args: [...RunArguments, done: (error: Error | null, status: Status) => void]): void;
}

/** The functions we use of ONNX Runtime's C API, as koffi shows them. */
export interface OrtApi {
  GetErrorMessage(status: Pointer): string;
  CreateEnv(logLevel: number, logId: string, env: Out): Status;
  CreateSessionFromArray(env: Pointer, model: Uint8Array, size: number, options: Pointer, session: Out): Status;
  Run: RunFunction;
  CreateSessionOptions(options: Out): Status;
  SetSessionLogSeverityLevel(options: Pointer, level: number): Status;
  SetSessionGraphOptimizationLevel(options: Pointer, level: number): Status;
  SetIntraOpNumThreads(options: Pointer, threads: number): Status;
  SessionGetInputCount(session: Pointer, count: Out): Status;
  SessionGetOutputCount(session: Pointer, count: Out): Status;
  SessionGetInputTypeInfo(session: Pointer, index: number, info: Out): Status;
  SessionGetOutputTypeInfo(session: Pointer, index: number, info: Out): Status;
  SessionGetInputName(session: Pointer, index: number, allocator: Pointer, name: Out): Status;
  SessionGetOutputName(session: Pointer, index: number, allocator: Pointer, name: Out): Status;
  CreateTensorWithDataAsOrtValue(
    memory: Pointer,
    data: Pointer,
    sizeBytes: number,
    shape: BigInt64Array | null,
    rank: number,
    type: number,
    value: Out,
  ): Status;
  CastTypeInfoToTensorInfo(info: Pointer, tensorInfo: Out): Status;
  GetTensorElementType(tensorInfo: Pointer, type: Int32Array): Status;
  GetDimensionsCount(tensorInfo: Pointer, rank: Out): Status;
  GetDimensions(tensorInfo: Pointer, sizes: BigInt64Array, rank: number): Status;
  CreateCpuMemoryInfo(allocatorType: number, memoryType: number, memory: Out): Status;
  AllocatorFree(allocator: Pointer, pointer: Pointer): Status;
  GetAllocatorWithDefaultOptions(allocator: Out): Status;
  ReleaseStatus(status: Pointer): void;
  ReleaseMemoryInfo(memory: Pointer): void;
  ReleaseSession(session: Pointer): void;
  ReleaseValue(value: Pointer): void;
  ReleaseTypeInfo(info: Pointer): void;
  ReleaseSessionOptions(options: Pointer): void;
  AddSessionConfigEntry(options: Pointer, key: string, value: string): Status;
  SessionOptionsAppendExecutionProvider_CUDA_V2(options: Pointer, cuda: Pointer): Status;
  CreateCUDAProviderOptions(cuda: Out): Status;
  ReleaseCUDAProviderOptions(cuda: Pointer): void;
  SessionOptionsAppendExecutionProvider(
    options: Pointer,
    name: string,
    keys: null,
    values: null,
    count: number,
  ): Status;
}

/** The release the table below was checked with; another one is refused. */
export const checkedRelease = '1.30';

/** The version of the API that `GetApi` is asked for: that of the header the places were counted in. */
export const apiVersion = 24;

/**
 * Places in the function table `OrtApi`, which only ever grows at its end, and C prototypes.
 * Counted by program in `onnxruntime_c_api.h` of API versions 20, 22 and 24, where they agree, and used on 1.30.
 */
const table: Readonly<Record<keyof OrtApi, readonly [index: number, prototype: string]>> = {
  GetErrorMessage: [2, 'const char *(void *status)'],
  CreateEnv: [3, 'void *(int logLevel, const char *logId, void *env)'],
  CreateSessionFromArray: [8, 'void *(void *env, void *model, size_t size, void *options, void *session)'],
  Run: [
    9,
    'void *(void *session, void *runOptions, void *inputNames, void *inputs, size_t inputCount, void *outputNames, size_t outputCount, void *outputs)',
  ],
  CreateSessionOptions: [10, 'void *(void *options)'],
  SetSessionLogSeverityLevel: [22, 'void *(void *options, int level)'],
  SetSessionGraphOptimizationLevel: [23, 'void *(void *options, int level)'],
  SetIntraOpNumThreads: [24, 'void *(void *options, int threads)'],
  SessionGetInputCount: [30, 'void *(void *session, void *count)'],
  SessionGetOutputCount: [31, 'void *(void *session, void *count)'],
  SessionGetInputTypeInfo: [33, 'void *(void *session, size_t index, void *info)'],
  SessionGetOutputTypeInfo: [34, 'void *(void *session, size_t index, void *info)'],
  SessionGetInputName: [36, 'void *(void *session, size_t index, void *allocator, void *name)'],
  SessionGetOutputName: [37, 'void *(void *session, size_t index, void *allocator, void *name)'],
  CreateTensorWithDataAsOrtValue: [
    49,
    'void *(void *memory, void *data, size_t sizeBytes, void *shape, size_t rank, int type, void *value)',
  ],
  CastTypeInfoToTensorInfo: [55, 'void *(void *info, void *tensorInfo)'],
  GetTensorElementType: [60, 'void *(void *tensorInfo, void *type)'],
  GetDimensionsCount: [61, 'void *(void *tensorInfo, void *rank)'],
  GetDimensions: [62, 'void *(void *tensorInfo, void *sizes, size_t rank)'],
  CreateCpuMemoryInfo: [69, 'void *(int allocatorType, int memoryType, void *memory)'],
  AllocatorFree: [76, 'void *(void *allocator, void *pointer)'],
  GetAllocatorWithDefaultOptions: [78, 'void *(void *allocator)'],
  ReleaseStatus: [93, 'void (void *status)'],
  ReleaseMemoryInfo: [94, 'void (void *memory)'],
  ReleaseSession: [95, 'void (void *session)'],
  ReleaseValue: [96, 'void (void *value)'],
  ReleaseTypeInfo: [98, 'void (void *info)'],
  ReleaseSessionOptions: [100, 'void (void *options)'],
  AddSessionConfigEntry: [130, 'void *(void *options, const char *key, const char *value)'],
  SessionOptionsAppendExecutionProvider_CUDA_V2: [204, 'void *(void *options, void *cuda)'],
  CreateCUDAProviderOptions: [205, 'void *(void *cuda)'],
  ReleaseCUDAProviderOptions: [208, 'void (void *cuda)'],
  SessionOptionsAppendExecutionProvider: [
    216,
    'void *(void *options, const char *name, void *keys, void *values, size_t count)',
  ],
};

/** The functions behind the table at `address`. */
export function readApi(koffi: typeof Koffi, address: Pointer): OrtApi {
  const length = 1 + Math.max(...Object.values(table).map(([index]) => index));
  const functions: readonly Pointer[] = koffi.decode(address, 'void *', length);
  const entries = Object.entries(table).map(([name, [index, prototype]]) => [
    name,
    koffi.decode(functions[index], koffi.proto(prototype)),
  ]);
  // The table's key type lists every function of OrtApi, and its prototypes are what gives them their types.
  return Object.fromEntries(entries) as OrtApi;
}
