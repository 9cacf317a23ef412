import { Agent, request } from 'node:http';

// The sending side, in a process of its own: `client.ts <url> <connections> <samples a request> <seconds> <first id>`.
// It prints what was answered as JSON.

const [url = '', connections = '8', samples = '100', seconds = '10', first = '0'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });
const digits = Array.from({ length: 20_000 }, (_, at) => (Math.sin(at + 1) * 3).toFixed(6));
let next = Number(first);

/** About 2 KB: an id, 200 numbers and two labels. */
function sample(): string {
  const id = next++;
  const from = (id * 211) % (digits.length - 200);
  return `{"id":"sample-${id}","x":[${digits.slice(from, from + 200).join(',')}],"one":${id % 2},"two":${id % 3}}\n`;
}

const answers = { accepted: 0, refused: 0, failed: 0, sizeBytes: 0, latenciesMs: [] as number[] };

function send(body: string): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-ndjson', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => {
        text += data.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const endMs = performance.now() + 1000 * Number(seconds);
const startMs = performance.now();
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
await Promise.all(
  Array.from({ length: Number(connections) }, async () => {
    while (performance.now() < endMs) {
      const body = Array.from({ length: Number(samples) }, sample).join('');
      const beganMs = performance.now();
      const { status, text } = await send(body);
      if (status === 200) {
        answers.accepted += (JSON.parse(text) as { accepted: number }).accepted;
        answers.sizeBytes += body.length;
        answers.latenciesMs.push(performance.now() - beganMs);
      } else if (status === 429 || status === 503) {
        answers.refused++;
        await pause(100);
      } else answers.failed++;
    }
  }),
);
const latencies = answers.latenciesMs.sort((a, b) => a - b);
const at = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] ?? 0;
const durationMs = performance.now() - startMs;
console.log(JSON.stringify({ ...answers, durationMs, latenciesMs: undefined, p50: at(0.5), p99: at(0.99), next }));
agent.destroy();
