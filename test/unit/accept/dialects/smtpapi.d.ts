// What the tests use of SendGrid's library, which has no types of its own.
declare module 'smtpapi' {
  export default class Smtpapi {
    setTos(to: readonly string[]): void;
    setSubstitutions(values: Readonly<Record<string, readonly string[]>>): void;
    addSection(name: string, text: string): void;
    setUniqueArgs(values: Readonly<Record<string, string>>): void;
    setCategories(categories: readonly string[]): void;
    addCategory(categories: readonly string[]): void;
    addFilter(filter: string, setting: string, value: unknown): void;
    setSendAt(seconds: number): void;
    setBatchId(id: string): void;
    setASMGroupID(id: number): void;
    setIpPool(name: string): void;
    jsonString(): string;
  }
}
