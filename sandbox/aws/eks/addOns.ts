import { randomUUID } from "node:crypto";

import { AwsError } from "../errors";
import type { Associations } from "./podIdentityAssociations";

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_Addon.html */
export interface AddOn {
    readonly addonName: string;
    readonly clusterName: string;
    readonly status: "ACTIVE";
    readonly addonVersion: string;
    readonly health: { readonly issues: readonly never[] };
    readonly addonArn: string;
    readonly createdAt: number;
    readonly modifiedAt: number;
    readonly serviceAccountRoleArn?: string | undefined;
    readonly configurationValues?: string;
    /** ARNs of the associations that belong to the add-on. */
    readonly podIdentityAssociations: readonly string[];
    readonly tags: Readonly<Record<string, string>>;
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html */
export interface CreateAddOn {
    readonly addonName?: string;
    readonly addonVersion?: string;
    readonly serviceAccountRoleArn?: string;
    readonly configurationValues?: string;
    readonly podIdentityAssociations?: readonly { readonly serviceAccount: string; readonly roleArn: string }[];
    readonly tags?: Readonly<Record<string, string>>;
}

/** https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html */
export interface AddOnUpdate {
    readonly id: string;
    readonly status: "Successful";
    readonly type: "AddonUpdate";
    readonly params: readonly never[];
    readonly createdAt: number;
    readonly errors: readonly never[];
}

/** Managed add-ons in EKS's answers. Nothing of an add-on is installed in the cluster. */
export class AddOns {
    private readonly byCluster = new Map<string, Map<string, AddOn>>();

    constructor(
        private readonly region: string,
        private readonly accountId: string,
        private readonly associations: Associations,
    ) {}

    create(clusterName: string, asked: CreateAddOn): AddOn {
        const { addonName = "", addonVersion = "v1.20.4-eksbuild.1", podIdentityAssociations = [], tags = {} } = asked;
        if (this.of(clusterName).has(addonName)) {
            throw new AwsError("ResourceInUseException", "Addon already exists.", 409);
        }
        const arn = `arn:aws:eks:${this.region}:${this.accountId}:addon/${clusterName}/${addonName}/${randomUUID()}`;
        const made = podIdentityAssociations.map((association) =>
            this.associations.create(clusterName, { namespace: "kube-system", ...association }, arn),
        );
        const now = Date.now() / 1000;
        const addOn: AddOn = {
            addonName,
            clusterName,
            status: "ACTIVE",
            addonVersion,
            health: { issues: [] },
            addonArn: arn,
            createdAt: now,
            modifiedAt: now,
            tags,
            ...(asked.serviceAccountRoleArn && { serviceAccountRoleArn: asked.serviceAccountRoleArn }),
            ...(asked.configurationValues && { configurationValues: asked.configurationValues }),
            podIdentityAssociations: made.map(({ associationArn }) => associationArn),
        };
        this.byCluster.set(clusterName, new Map([...this.of(clusterName), [addonName, addOn]]));
        return addOn;
    }

    /** Wording: https://github.com/awsdocs/amazon-eks-user-guide/issues/323 */
    describe(clusterName: string, name: string): AddOn {
        const addOn = this.of(clusterName).get(name);
        if (!addOn) {
            const message = `No addon: ${name} found in cluster: ${clusterName}`;
            throw new AwsError("ResourceNotFoundException", message, 404);
        }
        return addOn;
    }

    /**
     * Sets the role. Without one in the request, the pods use the permissions of the node role:
     * https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html (serviceAccountRoleArn)
     */
    update(clusterName: string, name: string, { serviceAccountRoleArn }: CreateAddOn): AddOnUpdate {
        const now = Date.now() / 1000;
        const addOn = { ...this.describe(clusterName, name), modifiedAt: now, serviceAccountRoleArn };
        this.byCluster.set(clusterName, new Map([...this.of(clusterName), [name, addOn]]));
        return { id: randomUUID(), status: "Successful", type: "AddonUpdate", params: [], createdAt: now, errors: [] };
    }

    names(clusterName: string): string[] {
        return [...this.of(clusterName).keys()].sort();
    }

    delete(clusterName: string, name: string): AddOn {
        const addOn = this.describe(clusterName, name);
        this.associations.deleteOwnedBy(clusterName, addOn.addonArn);
        const others = [...this.of(clusterName)].filter(([other]) => other !== name);
        this.byCluster.set(clusterName, new Map(others));
        return addOn;
    }

    /** A new cluster of the same name starts without add-ons. */
    forget(clusterName: string): void {
        this.byCluster.delete(clusterName);
    }

    private of(clusterName: string): ReadonlyMap<string, AddOn> {
        return this.byCluster.get(clusterName) ?? new Map<string, AddOn>();
    }
}
