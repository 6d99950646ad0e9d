/**
 * The other clusters that share the CNI role. Nothing in the component's own cluster shows their pods.
 *
 * Their owners follow the advice: they give their pods only a role that an update has made for them, and take it out of their cluster
 * before the program stops to name the cluster's issuer.
 */
import { AWS_NODE, refusedBy } from "./cniRole";
import type { ModelWorld } from "./world";

export class OtherClusters {
    /** The role that the pods of each cluster carry, and their service account, by the cluster's issuer. */
    private readonly carried = new Map<string, { readonly roleArn: string; readonly account: string }>();
    /** The role that each cluster's owner may take. */
    private readonly offered = new Map<string, string>();

    /** An update begins whose program names these issuers. */
    public beginUpdate(issuers: readonly string[]): void {
        [this.carried, this.offered].forEach((roles) =>
            [...roles.keys()].filter((issuer) => !issuers.includes(issuer)).forEach((issuer) => roles.delete(issuer)),
        );
    }

    /** The update has succeeded, so the operator sees the role in its outputs. */
    public endUpdate(issuers: readonly string[], roleArn: string): void {
        issuers.forEach((issuer) => this.offered.set(issuer, roleArn));
    }

    /** The owners give the role to their pods. Returns whether any pod carries it now. */
    public take({ cniRoles }: Pick<ModelWorld, "cniRoles">): boolean {
        this.offered.forEach((roleArn, issuer) => {
            // The plugin's service account has the same name in all clusters that share the role.
            const account = cniRoles.get(roleArn)?.of?.serviceAccountName ?? AWS_NODE;
            this.carried.set(issuer, { roleArn, account });
        });
        return this.carried.size > 0;
    }

    /** A problem for each cluster whose pods carry a role that does not serve them. */
    public withoutPath({ cniRoles, broken, ipFamily }: Pick<ModelWorld, "cniRoles" | "broken" | "ipFamily">): string[] {
        return [...this.carried].flatMap(([issuer, { roleArn, account }]) => {
            const role = cniRoles.get(roleArn);
            const serves = role?.works === true && refusedBy(role, ipFamily, account, issuer) === undefined;
            return serves || broken.has(roleArn)
                ? []
                : [`a pod of the cluster ${issuer} has no path: it carries ${roleArn}`];
        });
    }
}
