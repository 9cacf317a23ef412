import { EngineError, type Issue } from '../../core/error.ts';

/** Why a model could not be loaded. */
export function modelIssue(name: string, version: string, model: Uint8Array, message: string): Issue {
  const damaged = /protobuf/.test(message);
  return {
    where: name,
    expected: `an ONNX model that ONNX Runtime ${version} can load`,
    found: `${model.length} bytes it refuses: ${message}`,
    ...(damaged && { hint: 'the model is damaged or cut short: write it anew' }),
  };
}

/** @throws EngineError when there is no model at all */
export function refuseEmpty(name: string, version: string, model: Uint8Array): void {
  if (model.length === 0) throw new EngineError(modelIssue(name, version, model, 'an empty file is no protobuf.'));
}
