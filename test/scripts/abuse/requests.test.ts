import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { abuse } from '../../../scripts/abuse/requests.ts';
import { openTarget, type Target, token } from '../../../scripts/abuse/target.ts';

let target: Target;
beforeAll(async () => {
  target = await openTarget();
}, 60_000);
afterAll(() => target.close());

test('whatever is sent, nothing is told that nobody may see, and nothing changes without the token', async () => {
  await abuse(target, 300, Date.now());
}, 60_000);

test('what would see that something changes sees it', async () => {
  const headers = { authorization: `Bearer ${token}` };
  const url = `http://127.0.0.1:${target.ports.http}/v1`;
  // What was sent before may have paused it.
  expect((await fetch(`${url}/continue`, { method: 'POST', headers })).status).toBe(200);
  const before = target.state();
  expect((await fetch(`${url}/pause`, { method: 'POST', headers })).status).toBe(200);
  expect(target.state()).not.toBe(before);
  expect((await fetch(`${url}/continue`, { method: 'POST', headers })).status).toBe(200);
});

test.each([
  ['/v1/predict', 10_000],
  ['/v1/samples', 10_000],
  ['/v1/settings', 2 ** 20],
])('a gigabyte that comes to %s in pieces is refused early, and so is one that is announced', async (path, limit) => {
  const head = (rest: string): string =>
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${token}\r\ncontent-type: application/json\r\n${rest}\r\n\r\n`;
  const ask = async (rest: string, piece: Buffer, pieces: number): Promise<{ answer: string; sentBytes: number }> => {
    const socket = connect(target.ports.http, '127.0.0.1');
    let [answer, isClosed] = ['', false];
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('close', () => {
      isClosed = true;
    });
    socket.on('error', () => {});
    socket.write(head(rest));
    for (let sent = 0; sent < pieces && !isClosed && answer === ''; ) {
      if (!socket.writableNeedDrain) {
        socket.write(piece);
        sent++;
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    while (answer === '' && !isClosed) await new Promise((resolve) => setImmediate(resolve));
    const sentBytes = socket.bytesWritten;
    socket.destroy();
    return { answer, sentBytes };
  };
  const chunk = Buffer.alloc(2 ** 16, 0x20);
  const framed = Buffer.concat([Buffer.from('10000\r\n'), chunk, Buffer.from('\r\n')]);
  const streamed = await ask('transfer-encoding: chunked', framed, 2 ** 14);
  // Who goes on sending may find the connection closed before the answer was read.
  expect(streamed.answer).toMatch(/^$|^HTTP\/1\.1 413 /);
  // What is on the way when the answer comes counts too.
  expect(streamed.sentBytes).toBeLessThan(limit + 50 * 2 ** 20);
  const announced = await ask('content-length: 1000000000', Buffer.from('['), 1);
  expect(announced.answer).toMatch(/^HTTP\/1\.1 413 /);
  expect(announced.sentBytes).toBeLessThan(1000);
});
