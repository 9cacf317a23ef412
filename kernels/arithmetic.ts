/** A double, rounded to float32, in all four lanes. */
export function splat(value: f64): v128 {
  return f32x4.splat(<f32>value);
}

/** a·b + c: rounded once in the relaxed build (where the processor can), twice in the other. */
export function multiplyAdd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

/** c − a·b, rounded as `multiplyAdd` is. */
export function subtractProduct(c: v128, a: v128, b: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_nmadd(a, b, c) : f32x4.sub(c, f32x4.mul(a, b));
}
