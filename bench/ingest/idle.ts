import { createServer } from 'node:http';

// A server that does nothing else, in a process of its own: what a question to it takes is the machine's. It prints its port.

const server = createServer((_, response) => {
  response.end('{}\n');
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : '');
});
process.on('disconnect', () => process.exit());
