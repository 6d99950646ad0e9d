import { randomBytes } from "node:crypto";

import { AwsError } from "../errors";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_PodIdentityAssociation.html */
export interface Association {
    readonly clusterName: string;
    readonly namespace: string;
    readonly serviceAccount: string;
    readonly roleArn: string;
    readonly associationArn: string;
    readonly associationId: string;
    /** The ARN of the add-on that owns the association. */
    readonly ownerArn?: string;
    readonly createdAt: number;
    readonly modifiedAt: number;
    readonly tags: Readonly<Record<string, string>>;
}

export interface CreateAssociation {
    readonly namespace?: string;
    readonly serviceAccount?: string;
    readonly roleArn?: string;
    readonly tags?: Readonly<Record<string, string>>;
}

/** The role of a service account. */
interface WantedRole {
    readonly serviceAccount: string;
    readonly roleArn: string;
}

/** EKS Pod Identity: the roles that the Pod Identity agent gives to the pods of service accounts. */
export class Associations {
    private all: readonly Association[] = [];

    constructor(
        private readonly region: string,
        private readonly accountId: string,
    ) {}

    create(clusterName: string, asked: CreateAssociation, ownerArn?: string): Association {
        const { namespace = "", serviceAccount = "", roleArn = "", tags = {} } = asked;
        const existing = this.find(clusterName, namespace, serviceAccount);
        if (existing) {
            throw alreadyExists(existing);
        }
        const id = `a-${randomBytes(9).toString("hex").slice(0, 17)}`;
        const now = Date.now() / 1000;
        const association = {
            clusterName,
            namespace,
            serviceAccount,
            roleArn,
            tags,
            associationId: id,
            associationArn: `arn:aws:eks:${this.region}:${this.accountId}:podidentityassociation/${clusterName}/${id}`,
            createdAt: now,
            modifiedAt: now,
            ...(ownerArn !== undefined && { ownerArn }),
        };
        this.all = [...this.all, association];
        return association;
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
        this.all = this.all.filter((other) => other !== association);
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
        this.all = this.all
            .filter((one) => !isOwned(one) || roles.has(one.serviceAccount))
            .map((one) => {
                const roleArn = isOwned(one) ? roles.get(one.serviceAccount) : undefined;
                return roleArn === undefined || roleArn === one.roleArn ? one : { ...one, roleArn, modifiedAt: now };
            });
        wanted
            .filter(({ serviceAccount }) => this.find(clusterName, namespace, serviceAccount) === undefined)
            .forEach((one) => this.create(clusterName, { namespace, ...one }, ownerArn));
    }

    deleteOwnedBy(clusterName: string, ownerArn: string): void {
        this.all = this.all.filter((one) => one.clusterName !== clusterName || one.ownerArn !== ownerArn);
    }

    forget(clusterName: string): void {
        this.all = this.all.filter((one) => one.clusterName !== clusterName);
    }
}

function alreadyExists({ associationId }: Association): AwsError {
    return new AwsError("ResourceInUseException", `Association already exists: ${associationId}`, 409);
}
