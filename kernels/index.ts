// What the kernels have in common:
// - Addresses are byte offsets into the shared, imported memory, lengths count values. No kernel compares addresses,
//   so a region may lie beyond 2 GiB and end at the memory's last byte. Values are float32 at any multiple of 4 bytes.
// - Scalars come in double precision, and what follows from them (1 − beta, …) is computed in it: 1 − 0.999 in float32
//   is wrong in the fifth digit.
// - The values left over after the last whole vector take the same vector arithmetic, in the vector's first lanes.
//   A value's result therefore never depends on its place.
// - Loops test at their end: the V8 of Node 20 computes a loop's constants anew in each turn when the test comes first.
// - No kernel allocates, and the module has no data: the whole memory belongs to the arena.
export { adagrad } from './adagrad';
export { adam } from './adam';
export { addRows } from './add-rows';
export { allFinite } from './all-finite';
export { clampValues } from './clamp-values';
export { clear } from './clear';
export { copy } from './copy';
export { flush } from './flush';
export { lion } from './lion';
export { momentum } from './momentum';
export { nesterov } from './nesterov';
export { rmsprop } from './rmsprop';
export { scale } from './scale';
export { sgd } from './sgd';
export { squaredNorm } from './squared-norm';
