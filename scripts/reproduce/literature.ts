/** Scores that others published on the same split, by pipeline and metric. */
const published: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  // Luukkonen et al. 2023, from the authors' predictions; mean over 66 heads.
  kinase1000: {
    r2: 'random forest .663, XGBoost .643, chemprop .589 single-task, .613 multi-task, .681 tuned; best .701',
  },
  // Walter et al. 2022, mean over 12 assays; 20 rounds.
  'tox21-assay': {
    rocAuc: 'multi-task .867 ± .004, feature nets .866',
    mcc: 'multi-task .503 ± .011, feature nets .521',
  },
  'tox21-compound': { rocAuc: 'multi-task .826 ± .005, random forest .819', mcc: 'multi-task .429 ± .010' },
};

export function publishedOf(pipeline: string, metric: string): string {
  return published[pipeline]?.[metric] ?? '';
}
