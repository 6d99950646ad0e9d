import { randomInt } from "node:crypto";

import type { PolicyHolder } from "../authorise";

/**
 * A user of the account with a static key and the permissions of its policies: a person or a pipeline that runs
 * programs.
 */
export interface User {
    readonly name: string;
    readonly arn: string;
    readonly id: string;
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly policies: PolicyHolder;
}

/** Users whose permissions are checked. They are not part of IAM's state: no IAM call returns or changes them. */
export class Users {
    private readonly byAccessKey = new Map<string, User>();

    constructor(private readonly accountId: string) {}

    /** @param documents Texts of its policies, enforced at once. The user replaces one of the same name. */
    create(name: string, documents: readonly string[]): User {
        const former = this.named(name);
        if (former) {
            this.byAccessKey.delete(former.accessKeyId);
        }
        const user = {
            name,
            arn: `arn:aws:iam::${this.accountId}:user/${name}`,
            id: `AIDA${randomText(17)}`,
            accessKeyId: `AKIA${randomText(16)}`,
            secretAccessKey: randomText(40),
            policies: {
                attachedPolicyArns: [],
                inlinePolicies: Object.fromEntries(documents.map((text, index) => [`policy-${index + 1}`, text])),
            },
        };
        this.byAccessKey.set(user.accessKeyId, user);
        return user;
    }

    withKey(accessKeyId: string): User | undefined {
        return this.byAccessKey.get(accessKeyId);
    }

    named(name: string): User | undefined {
        return [...this.byAccessKey.values()].find((user) => user.name === name);
    }

    clear(): void {
        this.byAccessKey.clear();
    }
}

/** Capital letters and digits, as in AWS's ids. */
export function randomText(length: number): string {
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join("");
}
