// Node unloads a native addon together with the last thread that uses it, and swc does not survive being loaded again:
// this process keeps it loaded while threads that read TypeScript through it come and go.
import '@swc/core';
