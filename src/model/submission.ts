// Submission: one accepted DATA, that is one body, its recipients and what the sender asked for.
import { z } from 'zod';
import { instructionsSchema } from './instructions.ts';
import { scanSchema } from './scan.ts';
import { treatmentSchema } from './treatment.ts';

/** How a recipient wants to hear of success, delay or failure (RFC 3461 §4.1 and §4.2). */
export const recipientSchema = z.strictObject({
  /** Envelope address as it will be sent: local part untouched, domain in lower-case A-labels. */
  address: z.string(),
  notify: z.array(z.enum(['NEVER', 'SUCCESS', 'FAILURE', 'DELAY'])).optional(),
  /** ORCPT as received, such as "rfc822;user@example.net". */
  orcpt: z.string().optional(),
  /** Display name for a To field that we write. */
  name: z.string().optional(),
  /** Not to be sent before, epoch milliseconds, where it differs from the others' time. */
  sendAt: z.number().optional(),
});

const submissionSchema = z.strictObject({
  v: z.literal(1),
  /** ULID; the id that the client reads in "250 2.0.0 Ok: queued as <ID>". */
  id: z.string(),
  account: z.string(),
  /** Name of the user who sent it; "system" for our own DSNs and alerts. */
  user: z.string(),
  /** When it was accepted, epoch milliseconds; the `now` of everything rendered from it. */
  at: z.number(),
  /** Envelope sender after policy; "" is the null sender. */
  from: z.string(),
  /** Bytes of the body as stored: CRLF line ends, dots undone. */
  size: z.number(),
  /** Bytes of the header block inside the body, with the empty line that ends it. */
  headerSize: z.number(),
  /** Where the body is: "redis:", or "file:<name>" below the data folder's bodies. */
  body: z.string(),
  /** SMTPUTF8 was asked for and is needed (RFC 6531). */
  smtputf8: z.boolean(),
  /** There is a byte over 127 in the body (header or text). */
  eightBit: z.boolean(),
  ret: z.enum(['FULL', 'HDRS']).optional(),
  envid: z.string().optional(),
  /** Content of Message-ID with its angle brackets; made by us when the client sent none. */
  messageId: z.string(),
  /** Decoded subject, cut to 255 characters, for people and search. */
  subject: z.string(),
  /** Address of the From mailbox (the first one), lower-case domain. */
  headerFrom: z.string(),
  /** New From and Reply-To lines (values) where the user's policy rewrites an unauthorised From. */
  rewrite: z.strictObject({ from: z.string(), replyTo: z.string().optional() }).optional(),
  /** Outside mail that a smart host forwards: the control fields of vendors in it were not meant for us, and stay. */
  passing: z.literal(true).optional(),
  /** What our Received field says (RFC 5321 §4.4). */
  received: z.strictObject({
    helo: z.string(),
    address: z.string(),
    /** SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA, HTTP … (RFC 3848). */
    protocol: z.string(),
    /** Such as "TLSv1.3 TLS_AES_256_GCM_SHA384". */
    tls: z.string().optional(),
  }),
  /** The delivery or message that this one sends again. */
  resendOf: z.string().optional(),
  instructions: instructionsSchema,
  treatment: treatmentSchema.optional(),
  /** What a scanner said of it before the first attempt. */
  scan: scanSchema.optional(),
  /** Sentences about what was asked for and not done, for the events. */
  notes: z.array(z.string()).optional(),
});

export type Recipient = Readonly<z.infer<typeof recipientSchema>>;
export type Submission = Readonly<z.infer<typeof submissionSchema>>;

/** What we stored ourselves was checked when it was made; on the hot path its version says enough. */
const storedSchema = z.custom<Submission>(
  (value) => typeof value === 'object' && value !== null && 'v' in value && value.v === 1,
);

/** Reads a stored submission; undefined when its version is not one that we know (it is then parked, not lost). */
export function readSubmission(json: string): Submission | undefined {
  return storedSchema.safeParse(JSON.parse(json)).data;
}
