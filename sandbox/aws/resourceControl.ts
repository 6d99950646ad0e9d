/** The resource control policies of the account's organization, enforced at once. Without any, the account is in no organization. */
export class ResourceControlPolicies {
    private texts: readonly string[] = [];

    get documents(): readonly string[] {
        return this.texts;
    }

    set(texts: readonly string[]): void {
        this.texts = texts;
    }
}
