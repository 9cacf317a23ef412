import { Database, literal } from '../../data/database.ts';
import { meanOf, type Spread, spreadOf } from './score.ts';

/** Scores over rounds with different seeds: in each, the mean over assays. */
export interface TableRow {
  readonly rocAuc: Spread;
  readonly mcc: Spread;
}

/** A network as the authors describe it. */
export interface Network {
  readonly hiddenLayers: number;
  readonly units: number;
  readonly learningRate: number;
  readonly dropout: number;
  readonly l2: number;
  readonly batchRows: number;
  readonly classWeight: number;
  readonly epochs: number;
}

export type Split = 'assay' | 'compound';
export type Mode = 'single' | 'multi';

/** What the authors of a table of Tox21 published: their scores and settings. See Walter et al. 2022. */
export class PublishedTox21 {
  readonly #folder: string;

  /** @param folder with `scores_dnn_….csv` and `DNN_….csv` */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The row of the published table, from the score of each assay in each round. */
  async scores(split: Split, mode: Mode): Promise<TableRow> {
    const kind = mode === 'multi' ? 'dnn_mt' : 'dnn';
    const rounds = await this.#rows(
      `SELECT avg(AUC), avg(MCC) FROM ${this.#file(`scores_${kind}_${split}_based_Tox21`)} GROUP BY round ORDER BY round`,
    );
    const column = (at: number): Spread => spreadOf(rounds.map((row) => row[at] as number));
    return { rocAuc: column(0), mcc: column(1) };
  }

  /** Settings by assay; those of the multi-task network by the name `all`. */
  async networks(split: Split, mode: Mode): Promise<ReadonlyMap<string, Network>> {
    const rows = await this.#rows(
      `SELECT ${mode === 'single' ? 'assay' : "'all'"} AS assay, {
         hiddenLayers: hidden_layers::INTEGER, units: nodes_per_layer::INTEGER, learningRate: learning_rate,
         dropout: dropout::DOUBLE, l2: L2_regulation, batchRows: batch_size::INTEGER, classWeight: class_weight::DOUBLE,
         epochs: epochs::INTEGER
       } AS network
       FROM ${this.#file(`DNN_${mode}`)} WHERE dataset = 'Tox21' AND split = '${split}'`,
    );
    return new Map(rows.map(([assay, network]) => [assay as string, network as unknown as Network]));
  }

  #file(name: string): string {
    return literal(`${this.#folder}/${name}.csv`);
  }

  async #rows(query: string): Promise<readonly (readonly unknown[])[]> {
    const database = await Database.open();
    try {
      return await database.rows(query);
    } finally {
      database.close();
    }
  }
}

/** The mean over the assays for which a score has a meaning. */
export function overAssays(scores: readonly (number | undefined)[]): number {
  return meanOf(scores.filter((score) => score !== undefined));
}
