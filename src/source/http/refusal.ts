import { RouteError } from '../../core/route.ts';

const backlogSeconds = 1;
const storageSeconds = 5;

/** More was accepted than training has read. */
export function busy(): RouteError {
  const issue = { where: 'server', expected: 'room for these records', found: 'none: training is behind' };
  return new RouteError(429, issue, backlogSeconds);
}

/** More was accepted than checkpoints cover. */
export function full(): RouteError {
  const issue = { where: 'server', expected: 'room in the log', found: 'none until the next checkpoints' };
  return new RouteError(503, issue, storageSeconds);
}

/** What was sent can't be kept at the moment. */
export function unwritable(found: string): RouteError {
  return new RouteError(503, { where: 'server', expected: 'to keep these records', found }, storageSeconds);
}

/** An idempotency key that was used for another request. */
export function reused(): RouteError {
  return new RouteError(422, {
    where: "header 'idempotency-key'",
    expected: 'a key of this request alone',
    found: 'one that came with another body',
  });
}
