import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Line, RunningDaemon } from '../chaos/daemon.ts';
import { type Asked, askedByAlerts, askedByDashboards } from '../grafana/asked.ts';
import { metricOf } from '../grafana/metric.ts';
import { filled, namesOf } from '../grafana/promql.ts';
import { programOf } from './debian.ts';
import { exportedModels } from './onnx.ts';
import { send, sentTo, trained } from './pipelines.ts';
import { PrometheusServer } from './prometheus.ts';

// What others make of ours, `npm run integration`, or a part of it by name: `npm run integration -- onnx`. A real Prometheus
// scrapes a daemon that trains, and is asked what dashboards and alerts ask; another runtime runs exported models.

/** The longest that is waited until everything has an answer. */
const limitMs = 240_000;
const alertsFolder = fileURLToPath(new URL('../../grafana/alerts/', import.meta.url));
/** What stands for what is chosen above a dashboard. */
const choices = { __rate_interval: '20s', pipeline: '.*', source: 'test', metric: 'rocAuc' };

const say = (text: string): void => console.log(`integration: ${text}`);

/** What Prometheus is asked, once for each expression. */
interface Question extends Asked {
  /** Where there is an answer; everywhere, when left out. */
  readonly when?: string;
}

const question = (asked: Asked): Question => {
  const expression = filled(asked.expression, choices);
  const when = namesOf(expression)
    .selectors.map(({ name }) => metricOf(name)?.when)
    .find((one) => one !== undefined);
  return { ...asked, expression, ...(when === undefined ? {} : { when }) };
};

/** An alert has an answer only while it fires: each of the series that it watches is asked for. */
const questions: readonly Question[] = [
  ...askedByDashboards().map(question),
  ...askedByAlerts().flatMap((asked) =>
    namesOf(asked.expression).selectors.map(({ text }) => question({ ...asked, expression: text })),
  ),
];

function promtool(program: string, argv: readonly string[], input?: string): boolean {
  const { status, stdout, stderr } = spawnSync(program, argv, { encoding: 'utf8', cwd: alertsFolder, input });
  say(`promtool ${argv.join(' ')}: ${status === 0 ? 'passed' : `failed (${status})\n${stdout}${stderr}`}`);
  return status === 0;
}

/** Asks until everything that has to have an answer has one, and says what is left. */
async function answers(prometheus: PrometheusServer, each: (round: number) => Promise<void>) {
  const open = new Set(questions);
  const isDue = ({ when }: Question): boolean => when === undefined;
  for (let round = 0, beginMs = performance.now(); performance.now() - beginMs < limitMs; round++) {
    await each(round);
    await wait(1000);
    if (!(await prometheus.isReady())) continue;
    for (const one of open) if ((await prometheus.query(one.expression)).length > 0) open.delete(one);
    // What has to happen first gets half a minute to do so.
    if (![...open].some(isDue) && (open.size === 0 || round >= 30)) break;
  }
  return { missing: [...open].filter(isDue), conditional: [...open].filter((one) => !isDue(one)) };
}

async function prometheusAnswers(): Promise<boolean> {
  const [tool, server] = [programOf('promtool', 'prometheus'), programOf('prometheus', 'prometheus')];
  if ('missing' in tool || 'missing' in server) {
    say(`skipped: ${'missing' in tool ? tool.missing : 'missing' in server ? server.missing : ''}`);
    return true;
  }
  let isGood = promtool(tool.path, ['check', 'rules', 'trunkline.yaml']);
  isGood = promtool(tool.path, ['test', 'rules', 'trunkline.test.yaml']) && isGood;

  const folder = mkdtempSync(join(tmpdir(), 'trunkline-integration-'));
  const pipelines = [trained(folder), sentTo(folder)];
  for (const { trains } of pipelines) say(`training ${trains}`);
  const served: Line[] = [];
  let isServed = (): void => {};
  const daemon = new RunningDaemon(
    pipelines.map(({ path }) => path),
    (line) => {
      if (line.type !== 'serverStarted') return;
      served.push(line);
      isServed();
    },
  );
  const all = new Promise<void>((resolve) => {
    // Two of metrics, and one that is sent to.
    isServed = () => served.length === 3 && resolve();
  });
  const died = daemon.ended().then((code) => {
    throw new Error(`the daemon ended with code ${code}: ${daemon.errors}`);
  });
  died.catch(() => {});
  let prometheus: PrometheusServer | undefined;
  try {
    await Promise.race([all, died]);
    const urlsOf = (route: string): readonly string[] =>
      served.filter(({ routes }) => (routes as string[]).includes(route)).map(({ url }) => String(url));
    const [metrics, [intake = '']] = [urlsOf('GET /metrics'), urlsOf('POST /v1/samples')];
    prometheus = await PrometheusServer.start(
      server.path,
      folder,
      metrics.map((url) => new URL(url).host),
    );
    const { missing, conditional } = await Promise.race([answers(prometheus, (round) => send(intake, round)), died]);
    say(`${questions.length - missing.length - conditional.length} of ${questions.length} expressions have an answer`);
    for (const { where, when, expression } of conditional) say(`  only ${when}: ${where}: ${expression}`);
    for (const { where, expression } of missing) say(`  no answer, and there should be one: ${where}: ${expression}`);
    for (const url of metrics) {
      const text = await (await fetch(`${url}/metrics`)).text();
      isGood = promtool(tool.path, ['check', 'metrics'], text) && isGood;
    }
    const failed = await prometheus.failedRules();
    for (const one of failed) say(`  rule failed: ${one}`);
    const firing = await prometheus.query('ALERTS{alertstate="firing"}');
    for (const { metric } of firing) say(`  fires: ${JSON.stringify(metric)}`);
    isGood &&= missing.length === 0 && failed.length === 0;
  } finally {
    await prometheus?.stop();
    daemon.signal('SIGTERM');
    await daemon.ended();
    rmSync(folder, { recursive: true, force: true });
  }
  say(isGood ? 'passed' : 'failed');
  return isGood;
}

const parts: Readonly<Record<string, () => Promise<boolean>>> = {
  onnx: () => exportedModels(say),
  prometheus: prometheusAnswers,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in parts));
if (unknown.length > 0) say(`there is no ${unknown.join(', ')}: ${Object.keys(parts).join(', ')}`);
let isGood = unknown.length === 0;
for (const [name, part] of isGood ? Object.entries(parts) : [])
  if (asked.length === 0 || asked.includes(name)) isGood = (await part()) && isGood;
process.exitCode = isGood ? 0 : 1;
