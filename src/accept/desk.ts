// What lies behind a door: who may hand in mail there, and what a transaction of theirs is.
import type { Submission } from '../model/submission.ts';
import type { Step } from './login.ts';
import type { Reply } from './replies.ts';
import type { DataReader } from './wire.ts';

/** A client as its session knows it. */
export type Caller = Readonly<{
  address: string;
  /** Logged in as; undefined: it has not. */
  userName: string | undefined;
  isSecure: boolean;
}>;

/** What the session itself offers in EHLO just now. */
export type SessionOffer = Readonly<{ starttls: boolean; auth: boolean }>;

/** How the data of a message ended. */
export type DataEnds = Readonly<{
  /** Gets the reply to the end of the data. */
  done: (reply: Reply) => void;
  /** The client sends far too much: time to hang up. */
  endless: (reply: Reply) => void;
}>;

/** One mail transaction: recipients, then data. */
export type Transaction = Readonly<{
  /** MAIL asked for it. */
  smtputf8: boolean;
  recipientCount: number;
  /** Message bytes that came in so far. */
  arrived: number;
  /** Takes one RCPT; `argument` is what follows the word. */
  recipient(argument: string): Reply | Promise<Reply>;
  read(received: Submission['received'], on: DataEnds): DataReader;
  /** The client went away: what came in is forgotten. */
  abandon(): Promise<void>;
}>;

export type Desk = Readonly<{
  /** Makes the AUTH dialogue of one connection, called with what follows AUTH; absent: nobody logs in here. */
  makeLogIn?: (address: string) => (argument: string) => Promise<Step>;
  /** Why nothing is taken from this client now. MAIL, RCPT and DATA each ask for themselves. */
  refusal(caller: Caller): Reply | undefined;
  /** Lines of the answer to EHLO. */
  ehlo(offer: SessionOffer, caller: Caller): readonly string[];
  /** Begins a transaction; `argument` is what follows MAIL. */
  begin(argument: string, caller: Caller): Transaction | Reply;
}>;
