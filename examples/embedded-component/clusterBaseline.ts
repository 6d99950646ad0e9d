import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { CniServiceAccountRole } from "eks-cni";

export interface ClusterBaselineArgs {
    clusterName: pulumi.Input<string>;
    /** Each team gets a namespace, once the CNI has its own role. */
    teams: string[];
}

/** The resources that a platform team creates in each of its clusters. */
export class ClusterBaseline extends pulumi.ComponentResource {
    public readonly cniRoleArn: pulumi.Output<string>;

    constructor(name: string, { clusterName, teams }: ClusterBaselineArgs, opts?: pulumi.ComponentResourceOptions) {
        super("platform:index:ClusterBaseline", name, {}, opts);
        const cni = new CniServiceAccountRole(
            `${name}-cni`,
            { clusterName, tags: { baseline: name } },
            { parent: this },
        );
        for (const team of teams) {
            new kubernetes.core.v1.Namespace(
                `${name}-${team}`,
                { metadata: { name: team } },
                { parent: this, dependsOn: cni },
            );
        }
        this.cniRoleArn = cni.ready;
        this.registerOutputs({ cniRoleArn: this.cniRoleArn });
    }
}
