import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const rules = fileURLToPath(new URL('../../grafana/alerts/trunkline.yaml', import.meta.url));

/** A series and its value. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [at: number, value: string];
}

/** A Prometheus of our own, on this machine alone. */
export class PrometheusServer {
  readonly #url: string;
  readonly #child: ChildProcess;
  #errors = '';

  private constructor(child: ChildProcess, url: string) {
    this.#child = child;
    this.#url = url;
    child.stderr?.on('data', (data: Buffer) => {
      this.#errors += data;
    });
  }

  /** @param targets addresses that it scrapes every second, as the job `trunkline` */
  static async start(program: string, folder: string, targets: readonly string[]): Promise<PrometheusServer> {
    const config = join(folder, 'prometheus.yaml');
    // JSON is YAML.
    const text = JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [rules],
      scrape_configs: [{ job_name: 'trunkline', static_configs: [{ targets }] }],
    });
    writeFileSync(config, text);
    const address = `127.0.0.1:${await freePort()}`;
    const child = spawn(
      program,
      [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${address}`],
      { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    return new PrometheusServer(child, `http://${address}`);
  }

  /** Whether it answers. */
  async isReady(): Promise<boolean> {
    if (this.#child.exitCode !== null) throw new Error(`Prometheus ended: ${this.#errors}`);
    return fetch(`${this.#url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  }

  /** What an expression comes to now. */
  async query(expression: string): Promise<readonly Sample[]> {
    const { result } = (await this.#ask(`query?${new URLSearchParams({ query: expression })}`)) as { result: Sample[] };
    return result;
  }

  /** Rules that it could not evaluate, and why. */
  async failedRules(): Promise<readonly string[]> {
    const { groups } = (await this.#ask('rules')) as {
      groups: { rules: { name: string; health: string; lastError?: string }[] }[];
    };
    return groups.flatMap(({ rules: all }) =>
      all
        .filter(({ health }) => health !== 'ok')
        .map(({ name, health, lastError = health }) => `${name}: ${lastError}`),
    );
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await ended;
  }

  async #ask(path: string): Promise<unknown> {
    const response = await fetch(`${this.#url}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; data: unknown; error?: string };
    if (body.status !== 'success') throw new Error(`Prometheus: ${body.error} (${path})`);
    return body.data;
  }
}

/** One that is free now. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
