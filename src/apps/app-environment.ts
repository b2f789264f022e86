/** What an app, and what installs its packages, may see of the server's environment: all but the server's own settings. */
export function appEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isHidden = (name: string) => name.startsWith('STILLHOUSE_') || name === 'NODE_CHANNEL_FD';
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isHidden(name)));
}
