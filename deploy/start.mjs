// `npm start` is `antipode start`, in this very process, so that signals reach the server.
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
if (!existsSync(main)) {
  console.error('antipode is not built yet (there is no dist/cli/main.js); build it with: npm run build');
  process.exit(1);
}
const program = await import(main.href);
await program.main(['start', ...process.argv.slice(2)]);
