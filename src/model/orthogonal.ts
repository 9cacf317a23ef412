import { type DataType, mul, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { initializers } from '@tensorflow/tfjs-layers';
import { random } from '../trace/distribution.ts';

interface Orthogonal {
  readonly gain: number;
  readonly seed?: number;
  apply(shape: readonly number[], dtype?: DataType): Tensor;
}

/**
 * Makes the initializer of recurrent layers draw the same values a thousand times faster: TensorFlow.js decomposes its
 * random matrix with small operations on tensors, which takes ten seconds for an LSTM of 64 units. Called once, when this
 * file is loaded.
 */
function quickenOrthogonal(): void {
  const prototype = Object.getPrototypeOf(initializers.orthogonal({})) as Orthogonal;
  const { apply } = prototype;
  prototype.apply = function (this: Orthogonal, shape, dtype) {
    const columns = shape.at(-1) as number;
    const rows = shape.slice(0, -1).reduce((product, size) => product * size, 1);
    // What it refuses, it goes on to refuse.
    if (shape.length < 2 || (dtype !== undefined && dtype !== 'float32')) return apply.call(this, shape, dtype);
    return tidy(() => {
      const [long, short] = [Math.max(rows, columns), Math.min(rows, columns)];
      const drawn = random.normal([long, short], 0, 1, 'float32', this.seed).dataSync() as Float32Array;
      const orthogonal = orthonormalColumns(drawn, long, short);
      const turned = rows < columns ? transposed(orthogonal, long, short) : orthogonal;
      return mul(tensor(turned, [...shape]), this.gain);
    });
  };
}

/**
 * The Q of the QR decomposition whose R has a positive diagonal, which is one only: columns made orthogonal one after the
 * other, twice over, so that rounding leaves nothing of the others in them.
 * @param matrix rows × columns, row-major; no fewer rows than columns
 * @see Giraud, Langou & Rozložník 2005, "The loss of orthogonality in the Gram-Schmidt orthogonalization process"
 */
export function orthonormalColumns(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const basis = Array.from({ length: columns }, (_, column) =>
    Float64Array.from({ length: rows }, (_, row) => matrix[row * columns + column] as number),
  );
  for (const [at, vector] of basis.entries()) {
    for (let round = 0; round < 2; round++)
      for (const other of basis.slice(0, at)) {
        const shadow = inner(vector, other);
        for (let row = 0; row < rows; row++) vector[row] = (vector[row] as number) - shadow * (other[row] as number);
      }
    const norm = Math.sqrt(inner(vector, vector));
    for (let row = 0; row < rows; row++) vector[row] = (vector[row] as number) / norm;
  }
  return Float32Array.from({ length: rows * columns }, (_, at) => {
    return (basis[at % columns] as Float64Array)[Math.floor(at / columns)] as number;
  });
}

function inner(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: matrix.length }, (_, at) => {
    return matrix[(at % rows) * columns + Math.floor(at / rows)] as number;
  });
}

quickenOrthogonal();
