// What keeps the front door from opening, as one sentence that says what to do.

/** Thrown at start only; `message` is meant for the operator as it stands. */
export class StartProblem extends Error {
  constructor(sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'StartProblem';
  }
}

/** A start problem with what caused it. */
export function startProblem(sentence: string, cause: unknown): StartProblem {
  return cause instanceof StartProblem ? cause : new StartProblem(sentence, { cause });
}

/** Why a port could not be listened on. `where` is "port 25" or "192.0.2.1 port 25", `key` stands in the configuration. */
export function listenProblem(where: string, cause: unknown, key = 'smtp.listeners'): StartProblem {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  return startProblem(`Cannot listen on ${where}: ${sentenceFor(code, key)}`, cause);
}

function sentenceFor(code: unknown, key: string): string {
  switch (code) {
    case 'EADDRINUSE':
      return `another program has it; stop that program or choose another port in ${key}.`;
    case 'EACCES':
    case 'EPERM':
      return 'ports below 1024 need a privilege; use a higher port, or give the service CAP_NET_BIND_SERVICE.';
    case 'EADDRNOTAVAIL':
      return `this host has no such address; correct host in ${key}.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `that host name has no address; write an IP address in ${key}.`;
    default:
      return `the system refused it (${typeof code === 'string' ? code : 'unknown error'}); check ${key}.`;
  }
}
