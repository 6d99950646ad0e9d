import { randomBytes } from "node:crypto";

import { AwsError } from "../../errors";
import { RequestTokens } from "../requestTokens";
import type { Association, CreateAssociation, UpdateAssociation } from "./association";

export type { Association } from "./association";

/** The role of a service account. */
interface WantedRole {
    readonly serviceAccount: string;
    readonly roleArn: string;
}

/** Hears of each change: the association after it, or undefined for a deleted one. */
export type AssociationListener = (of: Association, after: Association | undefined) => void;

/** EKS Pod Identity: the roles that the Pod Identity agent gives to the pods of service accounts. */
export class Associations {
    private all: readonly Association[] = [];
    private readonly listeners: AssociationListener[] = [];
    /** The associations that were deleted a moment ago, each with the time until which it is in the way. */
    private deleted: readonly { readonly association: Association; readonly until: number }[] = [];
    /**
     * So long after its deletion, an association still is in the way of another one of its service account ("which can take a second or more",
     * https://github.com/aws-controllers-k8s/community/issues/2684).
     */
    deletionSeconds = 0;
    readonly tokens = new RequestTokens();

    constructor(
        private readonly region: string,
        private readonly accountId: string,
    ) {}

    onChange(listener: AssociationListener): void {
        this.listeners.push(listener);
    }

    /** Replaces all associations, and tells the listeners of those that differ. */
    private set(all: readonly Association[]): void {
        const before = this.all;
        this.all = all;
        const tell = (of: Association, after: Association | undefined) =>
            this.listeners.forEach((listener) => listener(of, after));
        const isGone = ({ associationId }: Association) => all.every((one) => one.associationId !== associationId);
        before.filter(isGone).forEach((gone) => tell(gone, undefined));
        all.filter((one) => !before.includes(one)).forEach((one) => tell(one, one));
    }

    create(clusterName: string, asked: CreateAssociation, ownerArn?: string): Association {
        const { namespace = "", serviceAccount = "", roleArn = "", tags = {}, disableSessionTags = false } = asked;
        const existing = this.find(clusterName, namespace, serviceAccount) ?? this.deletedOf(clusterName, asked);
        if (existing) {
            throw alreadyExists(existing);
        }
        const id = `a-${randomBytes(9).toString("hex").slice(0, 17)}`;
        const now = Date.now() / 1000;
        const association = this.completed({
            clusterName,
            namespace,
            serviceAccount,
            roleArn,
            tags,
            associationId: id,
            associationArn: `arn:aws:eks:${this.region}:${this.accountId}:podidentityassociation/${clusterName}/${id}`,
            createdAt: now,
            modifiedAt: now,
            disableSessionTags,
            ...(ownerArn !== undefined && { ownerArn }),
            ...(asked.targetRoleArn && { targetRoleArn: asked.targetRoleArn }),
            ...(asked.policy && { policy: asked.policy }),
        });
        this.set([...this.all, association]);
        return association;
    }

    private deletedOf(clusterName: string, { namespace, serviceAccount }: CreateAssociation): Association | undefined {
        this.deleted = this.deleted.filter(({ until }) => until > Date.now());
        const isOf = (one: Association) =>
            one.clusterName === clusterName && one.namespace === namespace && one.serviceAccount === serviceAccount;
        return this.deleted.map(({ association }) => association).find(isOf);
    }

    /** The parts that are left out stay; an empty target role or session policy is taken away: inferred. */
    update(clusterName: string, id: string, asked: UpdateAssociation): Association {
        const before = this.describe(clusterName, id);
        const after = this.completed({
            ...before,
            roleArn: asked.roleArn ?? before.roleArn,
            disableSessionTags: asked.disableSessionTags ?? before.disableSessionTags,
            targetRoleArn: (asked.targetRoleArn ?? before.targetRoleArn) || undefined,
            policy: (asked.policy ?? before.policy) || undefined,
            modifiedAt: Date.now() / 1000,
        });
        this.set(this.all.map((one) => (one === before ? after : one)));
        return after;
    }

    /** https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html, sts:ExternalId */
    private completed(association: Association): Association {
        const { clusterName, namespace, serviceAccount, targetRoleArn } = association;
        const externalId =
            targetRoleArn && [this.region, this.accountId, clusterName, namespace, serviceAccount].join("/");
        return { ...association, externalId };
    }

    setTags(associationArn: string, tags: Readonly<Record<string, string>>): void {
        this.set(this.all.map((one) => (one.associationArn === associationArn ? { ...one, tags } : one)));
    }

    /** Undefined for the ARN of something else. */
    tags(associationArn: string): Readonly<Record<string, string>> | undefined {
        return this.all.find((one) => one.associationArn === associationArn)?.tags;
    }

    /** The wording is not known from a source. */
    describe(clusterName: string, id: string): Association {
        const found = this.all.find((one) => one.clusterName === clusterName && one.associationId === id);
        if (!found) {
            throw new AwsError(
                "ResourceNotFoundException",
                `Association ${id} not found in cluster ${clusterName}`,
                404,
            );
        }
        return found;
    }

    /** https://docs.aws.amazon.com/eks/latest/APIReference/API_ListPodIdentityAssociations.html */
    list(clusterName: string, namespace: string | null, serviceAccount: string | null): readonly Association[] {
        return this.all.filter(
            (one) =>
                one.clusterName === clusterName &&
                (namespace === null || one.namespace === namespace) &&
                (serviceAccount === null || one.serviceAccount === serviceAccount),
        );
    }

    find(clusterName: string, namespace: string, serviceAccount: string): Association | undefined {
        return this.list(clusterName, namespace, serviceAccount)[0];
    }

    delete(clusterName: string, id: string): Association {
        const association = this.describe(clusterName, id);
        this.set(this.all.filter((other) => other !== association));
        this.deleted = [...this.deleted, { association, until: Date.now() + this.deletionSeconds * 1000 }];
        return association;
    }

    /** The ARNs of the associations of an add-on. */
    ownedBy(clusterName: string, ownerArn: string): string[] {
        return this.list(clusterName, null, null)
            .filter((one) => one.ownerArn === ownerArn)
            .map(({ associationArn }) => associationArn);
    }

    /**
     * Refuses service accounts whose association is not the add-on's, which an add-on cannot adopt:
     * https://docs.aws.amazon.com/eks/latest/userguide/add-ons-iam.html
     */
    refuseOfOthers(clusterName: string, ownerArn: string, namespace: string, wanted: readonly WantedRole[]): void {
        wanted.forEach(({ serviceAccount }) => {
            const existing = this.find(clusterName, namespace, serviceAccount);
            if (existing !== undefined && existing.ownerArn !== ownerArn) {
                throw alreadyExists(existing);
            }
        });
    }

    /** Makes these the only associations of an add-on. One that it has already keeps its id. */
    setOwned(clusterName: string, ownerArn: string, namespace: string, wanted: readonly WantedRole[]): void {
        this.refuseOfOthers(clusterName, ownerArn, namespace, wanted);
        const roles = new Map(wanted.map(({ serviceAccount, roleArn }) => [serviceAccount, roleArn]));
        const isOwned = (one: Association) => one.clusterName === clusterName && one.ownerArn === ownerArn;
        const now = Date.now() / 1000;
        const kept = this.all.filter((one) => !isOwned(one) || roles.has(one.serviceAccount));
        this.set(
            kept.map((one) => {
                const roleArn = isOwned(one) ? roles.get(one.serviceAccount) : undefined;
                return roleArn === undefined || roleArn === one.roleArn ? one : { ...one, roleArn, modifiedAt: now };
            }),
        );
        wanted
            .filter(({ serviceAccount }) => this.find(clusterName, namespace, serviceAccount) === undefined)
            .forEach((one) => this.create(clusterName, { namespace, ...one }, ownerArn));
    }

    deleteOwnedBy(clusterName: string, ownerArn: string): void {
        this.set(this.all.filter((one) => one.clusterName !== clusterName || one.ownerArn !== ownerArn));
    }

    forget(clusterName: string): void {
        this.tokens.forget(clusterName);
        this.deleted = this.deleted.filter(({ association }) => association.clusterName !== clusterName);
        this.set(this.all.filter((one) => one.clusterName !== clusterName));
    }
}

function alreadyExists({ associationId }: Association): AwsError {
    return new AwsError("ResourceInUseException", `Association already exists: ${associationId}`, 409);
}
