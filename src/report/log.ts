import { type DestinationStream, type Logger, pino } from 'pino';
import type { TrunklineEvent } from '../core/event.ts';
import type { LogLevel } from '../core/log-level.ts';

/** What each event is worth. What happens with every step or record is for those who look for something. */
const levels: Readonly<Record<TrunklineEvent['type'], LogLevel>> = {
  workerFailed: 'error',
  checkpointFailed: 'error',
  metricsFailed: 'error',
  requestFailed: 'error',
  checkpointDamaged: 'warn',
  forgettingFailed: 'warn',
  recordsRefused: 'warn',
  modelWentBack: 'warn',
  runPaused: 'warn',
  headRefused: 'warn',
  sourceAway: 'warn',
  engineChosen: 'info',
  serverStarted: 'info',
  runStarted: 'info',
  modelAdopted: 'info',
  runContinued: 'info',
  settingsChanged: 'info',
  headsMade: 'info',
  reloadEnded: 'info',
  epochEnded: 'info',
  checkpointWritten: 'info',
  runEnded: 'info',
  sourceBack: 'info',
  workerStarted: 'debug',
  workerStopped: 'debug',
  programCompiled: 'debug',
  programEvicted: 'debug',
  rowsEvaluated: 'trace',
  headsEvaluated: 'debug',
  headsScored: 'debug',
  recordRejected: 'debug',
  recordsReceived: 'debug',
  stepTaken: 'trace',
  stepSkipped: 'trace',
};

/** Characters of lines that are kept while a full disk does not take them; later ones are left out. */
const mostKept = 2 ** 20;

/** What takes no more, or is read no more, ends nobody who writes there; a disk that has room again gets what was kept. */
function lasting(fd: number): DestinationStream {
  return pino.destination({ fd, sync: true, maxLength: mostKept }).on('error', () => {});
}

/** The log of a daemon: a line of JSON for everything that happens in a pipeline and is worth its level. */
export class Log {
  readonly #logger: Logger;
  readonly #pipelines = new Map<string, Logger>();

  /** @param destination a stream, or the number of a file */
  constructor(destination: DestinationStream | number = 1) {
    const options = {
      base: null,
      level: 'trace',
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level: string) => ({ level }) },
    };
    this.#logger = pino(options, typeof destination === 'number' ? lasting(destination) : destination);
  }

  /** How much is logged of a pipeline from now on. */
  setLevel(pipeline: string, level: LogLevel): void {
    this.#of(pipeline).level = level;
  }

  event(pipeline: string, { type, ...rest }: TrunklineEvent): void {
    const failed = type === 'runEnded' && 'outcome' in rest && rest.outcome === 'failed';
    this.#of(pipeline)[failed ? 'error' : levels[type]]({ event: type, ...rest });
  }

  /** What happens to a pipeline from outside. */
  write(pipeline: string, level: LogLevel, event: string, details: object): void {
    this.#of(pipeline)[level]({ event, ...details });
  }

  #of(pipeline: string): Logger {
    const known = this.#pipelines.get(pipeline);
    if (known) return known;
    const made = this.#logger.child({ pipeline }, { level: 'info' });
    this.#pipelines.set(pipeline, made);
    return made;
  }
}
