// Run by `npm run build` after the bundler: makes the programs in dist/bin that package.json names, antipode itself
// and the plugins that kubectl finds there when the folder is on PATH.
import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const folder = new URL('../dist/bin/', import.meta.url);
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

/** The plugins, by the rules of kubectl: words of a command are joined by dashes. */
const plugins = ['kubectl-ws', 'kubectl-create-workspace', 'kubectl-bind-apiexport', 'kubectl-kcp'];
// kubectl asks these for completions. It has no such question for sub-commands of its own commands, such as create.
const completions = ['kubectl_complete-ws', 'kubectl_complete-bind-apiexport', 'kubectl_complete-kcp'];

// import() instead of an import statement: a file without extension is CommonJS to some Node.js 20 versions
// and a module to others, and this form means the same to both.
function program(module, call) {
  return `#!/usr/bin/env node
import('../cli/${module}').then((program) => program.${call});
`;
}

try {
  await access(main);
} catch {
  console.error(`${main} is missing: the bundler must run first; use npm run build`);
  process.exit(1);
}
await mkdir(folder, { recursive: true });
await write('antipode', program('main.js', 'main(process.argv.slice(2))'));
for (const name of [...plugins, ...completions]) {
  await write(name, program('plugin-main.js', `pluginMain('${name}', process.argv.slice(2))`));
}

async function write(name, text) {
  const file = new URL(name, folder);
  await writeFile(file, text);
  await chmod(file, 0o755);
}
