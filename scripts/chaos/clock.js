// Preloaded by the processes of a daemon: the time of day jumps by up to an hour either way, again and again.
const { now } = Date;
const mostMs = 60 * 60 * 1000;
let offsetMs = 0;
const jump = () => {
  offsetMs = Math.round((2 * Math.random() - 1) * mostMs);
};
jump();
setInterval(jump, 300).unref();
Date.now = () => now() + offsetMs;
