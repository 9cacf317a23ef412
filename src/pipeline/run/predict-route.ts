import { z } from 'zod';
import { ConfigError, ShapeError, SourceError } from '../../core/error.ts';
import { oneOf, quote } from '../../core/format.ts';
import { jsonRoute } from '../../core/json-route.ts';
import { type Route, RouteError } from '../../core/route.ts';
import type { Steering } from '../../core/steering.ts';
import { didYouMean } from '../../core/suggest.ts';
import type { SampleSource } from '../../source/index.ts';
import type { StepRunner } from '../../step/runner.ts';
import type { Pipeline } from '../assemble.ts';
import type { HttpConfig } from '../schema/run.ts';
import { type HeadPrediction, headReaders } from './prediction.ts';
import { Predictor } from './predictor.ts';
import { recordSchema } from './record-schema.ts';

/** JSON has no word for what is not finite. */
const number = z.number().nullable();

const ofClasses = z
  .strictObject({
    class: z.union([z.string(), z.number(), z.boolean()]).nullable().describe('The likeliest, as labels call it.'),
    probabilities: z.record(z.string(), number).describe('Of each class, by its name.'),
  })
  .describe('Of a head whose labels are classes.');

const answerSchema = z.strictObject({
  step: z.int().min(0).describe('Steps that had ended when it was computed: those under way may be in it.'),
  predictions: z
    .array(z.record(z.string(), z.union([number, z.array(number), ofClasses])))
    .describe(
      'Of each record, by head: probabilities where the head is a classifier, else numbers on the scale of its labels.',
    ),
});

/** The route that says what a pipeline predicts while it is trained: by the features of the first source it is trained on. */
export function predictRoute(
  pipeline: Pipeline,
  runner: StepRunner,
  run: Steering,
  { records: most, bodyBytes, backlogRows }: HttpConfig['predict'],
): Route {
  const source = pipeline.sources.get(pipeline.trained[0] as string) as SampleSource;
  const readers = new Map(headReaders(pipeline).map((reader) => [reader.name, reader]));
  const known = [...readers.keys()];
  const predictor = new Predictor({ runner, step: () => run.step, backlogRows });
  return jsonRoute({
    method: 'POST',
    path: '/v1/predict',
    summary: 'Predicts with the latest weights, while training goes on.',
    // Nothing is changed; but it takes time from training, which is not for everybody.
    changes: true,
    admit: () => {
      if (!run.isBegun)
        throw new RouteError(503, { where: 'run', expected: 'one that has begun', found: 'one that is starting' }, 1);
      predictor.admit();
    },
    bodyBytes,
    body: z.strictObject({
      records: z.array(recordSchema(source.featureColumns)).min(1).max(most),
      heads: z.array(z.string()).min(1).max(known.length).exactOptional().describe('All, when left out.'),
    }),
    answer: answerSchema,
    handle: async ({ records, heads = known }) => {
      checkHeads(heads, known);
      const chunk = await refusing(() => source.samplesOf(records, 'body.records'));
      const { step, values } = await refusing(() => predictor.predict(chunk));
      const predictions = records.map((_, row) =>
        Object.fromEntries(
          heads.map((head) => {
            const own = values[head] as Float32Array;
            return [head, readers.get(head)?.read(own, row, records.length) as Answered];
          }),
        ),
      );
      return { step, predictions };
    },
  });
}

/** A prediction as the answer's schema has it: lists there may be changed. */
type Answered = Exclude<HeadPrediction, readonly number[]> | number[];

/** Names that are listed where there is no such one. */
const listed = 20;

function checkHeads(heads: readonly string[], known: readonly string[]): void {
  const issues = heads.flatMap((head, at) => {
    if (known.includes(head)) return [];
    const expected = known.length > listed ? `one of ${known.length} heads` : oneOf(known);
    return [{ where: `body.heads[${at}]`, expected, found: quote(head), ...didYouMean(head, known) }];
  });
  if (issues.length > 0) throw new RouteError(400, issues);
}

/** @throws RouteError in place of what says that records do not fit */
async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigError || error instanceof ShapeError || error instanceof SourceError)
      throw new RouteError(400, error.issues);
    throw error;
  }
}
