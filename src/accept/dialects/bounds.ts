// Bounds of what a message may ask for, the same in all dialects and in the schema of instructions. Pure data.

export const MAX_TAGS = 20;
/** Characters of a topic, and of a batch's name. */
export const MAX_TOPIC = 100;
export const MAX_BATCH = 100;
/** Topics on the unsubscribe page. */
export const MAX_TOPICS = 25;
/** Domains whose links get UTM parameters. */
export const MAX_DOMAINS = 100;
