import type { PodIdentityTimes } from "./times";

/** Credentials that the agent holds. */
export interface Held {
    readonly expiresAt: number;
}

interface Entry<T> {
    readonly credentials: T;
    readonly refreshAt: number;
}

export interface CacheSurroundings<T extends Held> {
    /** AssumeRoleForPodIdentity. */
    readonly fetch: (token: string) => Promise<T>;
    readonly times: () => PodIdentityTimes;
    readonly now: () => number;
    /** From 0 to less than 1. */
    readonly random: () => number;
}

/** Errors of EKS Auth after which the agent drops credentials (internal/cloud/eksauth/errors.go, IsIrrecoverableApiError). */
const irrecoverable: ReadonlySet<string> = new Set([
    "ResourceNotFoundException",
    "ExpiredTokenException",
    "InvalidTokenException",
    "AccessDeniedException",
]);

/**
 * The credentials that an agent holds for the pods of its node: aws/eks-pod-identity-agent internal/credsretriever/refreshing_cache.go,
 * GetIamCredentials and onCredentialRenewal.
 *
 * The limit of queries per second to EKS Auth and the limit of entries are not modelled.
 */
export class CredentialCache<T extends Held> {
    /** By the token. */
    private readonly entries = new Map<string, Entry<T>>();
    private readonly active = new Map<string, Promise<T>>();

    constructor(private readonly surroundings: CacheSurroundings<T>) {}

    /** From the cache, or from EKS Auth. Requests for one token at the same time are one call. */
    async get(token: string): Promise<T> {
        const entry = this.entries.get(token);
        if (entry !== undefined && this.isLongEnough(entry.credentials)) {
            return entry.credentials;
        }
        this.entries.delete(token);
        const active = this.active.get(token) ?? this.fetch(token).finally(() => this.active.delete(token));
        this.active.set(token, active);
        return active;
    }

    private async fetch(token: string): Promise<T> {
        const credentials = await this.surroundings.fetch(token);
        if (!this.isLongEnough(credentials)) {
            const seconds = (credentials.expiresAt - this.surroundings.now()) / 1000;
            throw new Error(
                `fetched credentials are expired or will expire within the next ${seconds.toFixed(2)} seconds`,
            );
        }
        const { now, times } = this.surroundings;
        const refreshAt = Math.min(credentials.expiresAt, now() + times().renewalSeconds * 1000);
        this.entries.set(token, { credentials, refreshAt });
        return credentials;
    }

    private isLongEnough({ expiresAt }: T): boolean {
        return expiresAt - this.surroundings.now() > this.surroundings.times().minimumSeconds * 1000;
    }

    /** Renews the credentials whose time has come, and drops those that have expired (internal/cache/expiring/cache.go, RefreshOrEvictExpired). */
    async sweep(): Promise<void> {
        const now = this.surroundings.now();
        const due = [...this.entries].filter(([, { refreshAt }]) => refreshAt < now);
        await Promise.all(due.map(([token, entry]) => this.renew(token, entry)));
        [...this.entries]
            .filter(([, { credentials }]) => credentials.expiresAt < now)
            .forEach(([token]) => this.entries.delete(token));
    }

    private async renew(token: string, entry: Entry<T>): Promise<void> {
        try {
            await this.fetch(token);
        } catch (error) {
            if (error instanceof Error && irrecoverable.has(error.name)) {
                this.entries.delete(token);
                return;
            }
            this.keep(token, entry);
        }
    }

    /** Otherwise the agent keeps what it has, and tries again after a while. */
    private keep(token: string, entry: Entry<T>): void {
        const { now, times, random } = this.surroundings;
        if (!this.isLongEnough(entry.credentials)) {
            return;
        }
        const { retrySeconds, retryJitterSeconds } = times();
        const retryAt = now() + (retrySeconds + random() * retryJitterSeconds) * 1000;
        this.entries.set(token, { ...entry, refreshAt: Math.min(entry.credentials.expiresAt, retryAt) });
    }

    /** As when the agent's process ends. */
    clear(): void {
        this.entries.clear();
    }
}
