// Loaded into a child process before its main file: when its parent is gone, however that went, it stops as if asked to.
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
