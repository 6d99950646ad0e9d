import { type Addon, DescribeAddonCommand, EKSClient } from "@aws-sdk/client-eks";
import type { Sandbox } from "local-eks";
import { snapshot } from "../../continuity/state/snapshot";
import { clusterOf } from "./cluster";
import type { PlainArgs } from "./handOver";

export const ROLE_ANNOTATION = "eks.amazonaws.com/role-arn";
export const NODE_ROLE = "sandbox-nodes";
/** Of the add-on. EKS sets them as environment variables of aws-node. */
export const CONFIGURATION = JSON.stringify({ env: { WARM_IP_TARGET: "2" } });
/** EKS's parts last seconds here. */
export const DELIVERING: PlainArgs = {
    detachFromNodeRoles: [NODE_ROLE],
    timeouts: {
        proofSeconds: 30,
        canarySeconds: 60,
        verificationSeconds: 120,
        handBackSeconds: 120,
        deliverySeconds: 60,
    },
};

/** Reads a cluster with a managed add-on, and who delivers the role there. */
export function deliveryOf(sandbox: Sandbox) {
    const { awsEndpoint: endpoint, region, clusterName } = sandbox;
    const eks = new EKSClient({ endpoint, region, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
    const cluster = clusterOf(sandbox);
    /** Undefined without an add-on. */
    const addOn = async (): Promise<Addon | undefined> =>
        (await eks.send(new DescribeAddonCommand({ clusterName, addonName: "vpc-cni" })).catch(ifMissing))?.addon;
    /** The role of the service account, and the owners of its annotation, such as `eks Apply`. */
    const delivered = async () => ({
        roleArn: (await cluster.annotations())[ROLE_ANNOTATION],
        owners: await cluster.ownersOf(ROLE_ANNOTATION),
    });
    /** The roles of the pods, each once. */
    const rolesOfPods = async (): Promise<(string | undefined)[]> => [
        ...new Set(
            (await cluster.awsNodePods()).flatMap(({ ready, containers }) =>
                ready ? containers.map(({ roleArn }) => roleArn) : ["not Ready"],
            ),
        ),
    ];
    return {
        addOn,
        delivered,
        rolesOfPods,
        /** Everything that a hand-back has to leave as it was. */
        look: async () => {
            const { iam, serviceAccount, daemonSet, templateAnnotations, admissionPolicies } = await snapshot(sandbox);
            const { serviceAccountRoleArn, addonVersion, configurationValues, status } = (await addOn()) ?? {};
            const policies = Object.values(iam.roles).map(({ name, attachedPolicyArns }) => [name, attachedPolicyArns]);
            return {
                policiesOfRoles: Object.fromEntries(policies) as Record<string, string[]>,
                addOn: { serviceAccountRoleArn, addonVersion, configurationValues, status },
                delivered: await delivered(),
                rolesOfPods: await rolesOfPods(),
                serviceAccount,
                daemonSet,
                templateAnnotations,
                admissionPolicies,
            };
        },
    };
}

function ifMissing(error: unknown): undefined {
    if ((error as { name?: unknown }).name !== "ResourceNotFoundException") {
        throw error;
    }
}
