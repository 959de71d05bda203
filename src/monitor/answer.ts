// What the monitor asks of the DNS, and the answers; whoever wires it gives the functions. Pure.

/** found: records · none: the name exists without such records · nxdomain: no such name · failed: nobody knows. */
export type Answer = Readonly<
  | { kind: 'found'; records: readonly string[] }
  | { kind: 'none' | 'nxdomain' }
  | { kind: 'failed'; code: string }
>;

/** Questions to one resolver. Nothing here rejects, and nothing is kept: each question is asked anew. */
export type Ask = Readonly<{
  /** IPv4 addresses of a name. */
  a(name: string): Promise<Answer>;
  /** IPv6 addresses of a name. */
  aaaa(name: string): Promise<Answer>;
  /** What a name of the reverse DNS, such as "1.2.0.192.in-addr.arpa", points to. */
  ptr(name: string): Promise<Answer>;
}>;
