// Loaded into a server that is measured (`node --expose-gc --import`): says how much memory is in use, on request.
const COLLECTIONS = 3;

process.on('message', async (message) => {
  if (message !== 'memory') return;
  for (let count = 0; count < COLLECTIONS; count += 1) {
    globalThis.gc();
    // What a collection frees may let go of more, in finalizers.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  process.send({ heapUsed, external, rss });
});
// To be asked is no reason to go on.
process.channel.unref();
