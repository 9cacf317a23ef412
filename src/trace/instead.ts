const beforeTheStep = 'do it in the source, before the step: what a step computes with are numbers of fixed shapes';
const fixedShape =
  'its result has as many elements as the data make it: pad to a fixed shape before the step, and use a mask';
const fourier = 'make the matrices of cosines and sines outside the step, and use tf.matMul with each';

/** What to use instead of kernels that cannot be compiled, by kernel name. */
export const alternatives: Readonly<Record<string, string>> = {
  BroadcastArgs: 'shapes are known while a step is recorded: use x.shape in JavaScript',
  ComplexAbs: 'use tf.sqrt(tf.add(tf.square(real), tf.square(imag)))',
  Draw: 'return the image from the step, and draw it afterwards',
  FFT: fourier,
  IFFT: fourier,
  Multinomial:
    'use tf.argMax(tf.sub(logits, tf.log(tf.neg(tf.log(random.uniform(shape))))), -1), with random of trunkline',
  NonMaxSuppressionV3: 'return boxes and scores from the step, and select among them afterwards',
  NonMaxSuppressionV4: 'return boxes and scores from the step, and select among them afterwards',
  NonMaxSuppressionV5: 'return boxes and scores from the step, and select among them afterwards',
  RaggedGather: fixedShape,
  RaggedRange: fixedShape,
  RaggedTensorToTensor: fixedShape,
  SparseFillEmptyRows: fixedShape,
  SparseReshape: fixedShape,
  SparseSegmentMean:
    'divide tf.unsortedSegmentSum(tf.gather(data, indices), segmentIds, count) by the sizes of the segments',
  SparseSegmentSum: 'use tf.unsortedSegmentSum(tf.gather(data, indices), segmentIds, count)',
  StaticRegexReplace: beforeTheStep,
  StringNGrams: beforeTheStep,
  StringSplit: beforeTheStep,
  StringToHashBucketFast: beforeTheStep,
  Unique: 'it has as many results as there are different numbers: use tf.bincount, or do it before the step',
};

/** The hint that goes with the refusal to compile a kernel. */
export function insteadOf(kernelName: string): string {
  return (
    alternatives[kernelName] ??
    'apply it to the data before the step, or express it with operations that have a lowering (src/trace/kernel)'
  );
}
