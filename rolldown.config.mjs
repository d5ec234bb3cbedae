// `npm run build`: the program as a few dozen files in dist instead of thousands: it starts in less than half the time.
// tsc only checks types; what is compiled here is erased, not checked.
import { readdirSync } from 'node:fs';

// A native addon is found beside its own package.
const external = ['classic-level'];
// The mod.ts of each room too: benchmarks and tests that start processes of their own import them.
const rooms = readdirSync('src').filter((room) => readdirSync(`src/${room}`).includes('mod.ts'));

export default {
  input: Object.fromEntries(
    ['cli/main', 'cli/plugin-main', ...rooms.map((room) => `${room}/mod`)].map((name) => [
      name,
      `src/${name}.ts`,
    ]),
  ),
  platform: 'node',
  external,
  output: {
    dir: 'dist',
    cleanDir: true,
    sourcemap: true,
    // All are two folders below the top, as the sources are from which they find files of the package.
    chunkFileNames: 'chunks/[name]-[hash].js',
  },
};
