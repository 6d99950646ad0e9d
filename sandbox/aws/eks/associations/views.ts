import { appendFileSync } from "node:fs";

import { LateCache } from "../../../identityWebhook/lateCache";
import type { Associations } from ".";
import type { Association } from "./association";

/** Seconds until a part of EKS sees a change of an association. "never": it sees none until the delay is set again. */
export type AssociationDelay = number | "never";

/** The delays of the parts of EKS that have a view of the associations of their own. */
export interface AssociationDelays {
    /** Of the two replicas of the identity webhook, which are asked in turns. */
    readonly webhooks: readonly [AssociationDelay, AssociationDelay];
    /** Of two servers of EKS Auth, which are asked in turns. */
    readonly eksAuth: readonly [AssociationDelay, AssociationDelay];
    /** Seconds in which a deleted association is in the way of another one of its service account. */
    readonly deletion: number;
}

export const noAssociationDelays: AssociationDelays = { webhooks: [0, 0], eksAuth: [0, 0], deletion: 0 };

type Part = "webhooks" | "eksAuth";
const parts: readonly Part[] = ["webhooks", "eksAuth"];

/** A line of association-changes.jsonl: when a part saw a change. Times are milliseconds since the epoch. */
export interface AssociationChange {
    readonly time: number;
    /** "eks" for the API itself, `webhooks 1`, `eksAuth 2` and so on for the parts. */
    readonly seenBy: string;
    readonly clusterName: string;
    readonly namespace: string;
    readonly serviceAccount: string;
    /** Undefined: there is no association any more. */
    readonly association?: Association;
}

/** What one part of EKS knows of the associations. */
export interface AssociationView {
    find(clusterName: string, namespace: string, serviceAccount: string): Association | undefined;
    list(clusterName: string): readonly Association[];
}

/**
 * The associations as the parts of EKS see them: "eventually consistent, and may take several seconds to be effective"
 * (https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html). 5 to 10 s were seen
 * (https://github.com/aws/eks-pod-identity-agent/issues/52), and no call says when it is over
 * (https://github.com/aws/containers-roadmap/issues/2507). That the replicas of the webhook differ for minutes, so that pods get their
 * credentials or not by turns: https://github.com/aws/eks-pod-identity-agent/issues/153.
 *
 * EKS Auth that lags answers the role of before a change. That it lags at all is inferred from the first page.
 */
export class AssociationViews {
    private readonly views: Readonly<Record<Part, readonly View[]>>;

    constructor(
        private readonly associations: Associations,
        private readonly logFile?: string,
        private readonly now: () => number = Date.now,
    ) {
        const view = () => new View(now);
        this.views = { webhooks: [view(), view()], eksAuth: [view(), view()] };
        associations.onChange((of, after) => {
            this.log("eks", of, after);
            parts.forEach((part) =>
                this.views[part].forEach((one, index) =>
                    one.hear(of, after, () => this.log(`${part} ${index + 1}`, of, after)),
                ),
            );
        });
    }

    /** Applies also to changes that a part has not seen yet. */
    setDelays(delays: Partial<AssociationDelays>): void {
        this.associations.deletionSeconds = delays.deletion ?? this.associations.deletionSeconds;
        parts.forEach((part) =>
            delays[part]?.forEach((delay, index) =>
                this.views[part][index]?.setDelay(delay === "never" ? Infinity : delay * 1000),
            ),
        );
    }

    of(part: Part): readonly AssociationView[] {
        return this.views[part];
    }

    private log(seenBy: string, of: Association, association: Association | undefined): void {
        const { clusterName, namespace, serviceAccount } = of;
        const change: AssociationChange = {
            time: this.now(),
            seenBy,
            clusterName,
            namespace,
            serviceAccount,
            ...(association && { association }),
        };
        if (this.logFile !== undefined) {
            appendFileSync(this.logFile, `${JSON.stringify(change)}\n`);
        }
    }
}

class View implements AssociationView {
    private readonly cache: LateCache<Association>;

    constructor(now: () => number) {
        this.cache = new LateCache(now);
    }

    hear(of: Association, after: Association | undefined, seen: () => void): void {
        this.cache.hear(keyOf(of), after, seen);
    }

    setDelay(milliseconds: number): void {
        this.cache.setDelay(milliseconds);
    }

    find(clusterName: string, namespace: string, serviceAccount: string): Association | undefined {
        return this.cache.get(keyOf({ clusterName, namespace, serviceAccount }));
    }

    list(clusterName: string): readonly Association[] {
        return this.cache.all().filter((one) => one.clusterName === clusterName);
    }
}

function keyOf(of: Pick<Association, "clusterName" | "namespace" | "serviceAccount">): string {
    return `${of.clusterName}/${of.namespace}/${of.serviceAccount}`;
}
