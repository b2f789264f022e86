// Node removes no types from files under node_modules, so the checkout itself is no package that would run.
process.stderr.write(
  'stillhouse: what is packed and published is dist/, which is compiled; this folder is its source.\n' +
    'What to do: `npm run build`, then `npm pack ./dist` or `npm publish ./dist`.\n',
);
process.exitCode = 1;
