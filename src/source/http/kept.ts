import { type Answer, answerSchema } from './verdict.ts';

const digestBytes = 32;

/** What is kept under an idempotency key: of what body it was, and what was answered. */
export function encodeKept(digest: Buffer, answer: Answer): Buffer {
  return Buffer.concat([digest, Buffer.from(JSON.stringify(answer))]);
}

export function decodeKept(bytes: Buffer): { readonly digest: Buffer; readonly answer: Answer } {
  const answer = answerSchema.parse(JSON.parse(bytes.subarray(digestBytes).toString()));
  return { digest: bytes.subarray(0, digestBytes), answer };
}
