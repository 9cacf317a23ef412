import type { Resumption } from '../train/run/restore.ts';
import type { Order, Told } from './message.ts';
import { PipelineProcess } from './process.ts';

/** The program of a pipeline's process: `entry <pipeline file> <resumption> <restarts>`, started by the supervisor. */
const [file = '', resume = 'reloaded', restarts = '0'] = process.argv.slice(2);

const tell = (told: Told): void => {
  // A supervisor that is gone takes this process with it: see below.
  process.send?.(told, () => {});
};
const pipeline = new PipelineProcess(file, resume as Resumption, Number(restarts), tell);

// A terminal sends its signals to both: what to do about it is the supervisor's to say.
process
  .on('SIGINT', () => {})
  .on('SIGHUP', () => {})
  .on('SIGUSR2', () => {});
process.on('SIGTERM', () => void pipeline.follow({ type: 'stop' }));
const orphaned = (): void => process.exit(1);
process.on('disconnect', orphaned);
// The supervisor may have gone while this was loaded.
if (!process.connected) orphaned();
process.on('message', (order: Order) => {
  pipeline.follow(order).catch((error: unknown) => {
    throw error;
  });
});

await pipeline.run();
process.off('disconnect', orphaned);
process.disconnect();
