/** What became of a flow's rows, and how much of it is under way: all as of one moment. */
export interface FlowSnapshot {
  /** The flow's name: that of its source, or of what joins several. */
  readonly name: string;
  /** received = pending + Σ outcomes. */
  readonly received: number;
  readonly pending: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Rows that were sent once more: they are in none of the other counts. */
  readonly repeated: number;
  /** Rejected records, by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Rejected labels of rows that went on without them, by head. */
  readonly rejectedLabels: Readonly<Record<string, number>>;
  /** What is under way, repeats included, and how much may be before reading stops. */
  readonly queued: { readonly rows: number; readonly sizeBytes: number };
  readonly granted: { readonly rows: number; readonly sizeBytes: number };
  /** What operators count besides rows. */
  readonly operators: readonly { readonly name: string; readonly counts: Readonly<Record<string, number>> }[];
}
