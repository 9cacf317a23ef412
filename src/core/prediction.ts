/**
 * What a head's prediction is, so that metrics know what to do with it: a number to be compared with the label, the
 * probability of a yes, probabilities along the last axis, or a score that says yes above 0.
 */
export type Prediction = 'value' | 'probability' | 'distribution' | 'score';
