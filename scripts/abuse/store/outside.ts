import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { KeptStore, Verdict } from './kept.ts';

const [reader, loader] = ['./reader.ts', '../../typescript.js'].map((path) => new URL(path, import.meta.url));
/** Who has not answered by then never will. */
const patienceMs = 30_000;

/** Reads a store in another process, which native code may end: that is a fault as any other. */
export class Outside {
  readonly #store: KeptStore;
  #child: ChildProcess | undefined;

  constructor(store: KeptStore) {
    this.#store = store;
  }

  readonly read = (folder: string): Promise<Verdict> => {
    const child = this.#child ?? this.#start();
    return new Promise((resolve) => {
      const settle = (verdict: Verdict): void => {
        clearTimeout(timer);
        child.off('message', settle).off('exit', ended);
        resolve(verdict);
      };
      const ended = (code: number | null, signal: string | null): void => {
        this.#child = undefined;
        settle({ faults: [`the process ended: ${signal ?? code}`], rejected: 0 });
      };
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      child.once('message', settle).once('exit', ended);
      child.send(folder);
    });
  };

  close(): void {
    this.#child?.disconnect();
  }

  #start(): ChildProcess {
    const { name } = this.#store;
    const options = { execArgv: ['--import', String(loader)], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] as never };
    this.#child = fork(fileURLToPath(String(reader)), [name], options);
    return this.#child;
  }
}
