import type { Sandbox } from "local-eks";
import { addOnOf, deliveredIn } from "../../continuity/state/delivered";
import { snapshot } from "../../continuity/state/snapshot";
import { clusterOf } from "./cluster";
import type { PlainArgs } from "./handOver";

export { addOnOf, deliveredIn, ROLE_ANNOTATION } from "../../continuity/state/delivered";

export const NODE_ROLE = "sandbox-nodes";
/** Of the add-on. EKS sets them as environment variables of aws-node. */
export const CONFIGURATION = JSON.stringify({ env: { WARM_IP_TARGET: "2" } });
/** EKS's parts last seconds here. */
export const DELIVERING: PlainArgs = {
    detachFromNodeRoles: [NODE_ROLE],
    timeouts: {
        proofSeconds: 30,
        canarySeconds: 90,
        verificationSeconds: 120,
        handBackSeconds: 120,
        deliverySeconds: 60,
    },
};

/** The roles of the pods, each once. */
export async function rolesOfPods(sandbox: Sandbox): Promise<(string | undefined)[]> {
    const pods = await clusterOf(sandbox).awsNodePods();
    const roles = pods.flatMap(({ ready, containers }) =>
        ready ? containers.map(({ roleArn }) => roleArn) : ["not Ready"],
    );
    return [...new Set(roles)];
}

/** Everything that a hand-back has to leave as it was. */
export async function lookAt(sandbox: Sandbox) {
    const { iam, serviceAccount, daemonSet, templateAnnotations, admissionPolicies } = await snapshot(sandbox);
    const { serviceAccountRoleArn, addonVersion, configurationValues, status } = (await addOnOf(sandbox)) ?? {};
    const policies = Object.values(iam.roles).map(({ name, attachedPolicyArns }) => [name, attachedPolicyArns]);
    return {
        policiesOfRoles: Object.fromEntries(policies) as Record<string, string[]>,
        addOn: { serviceAccountRoleArn, addonVersion, configurationValues, status },
        delivered: await deliveredIn(sandbox),
        rolesOfPods: await rolesOfPods(sandbox),
        serviceAccount,
        daemonSet,
        templateAnnotations,
        admissionPolicies,
    };
}

export type Look = Awaited<ReturnType<typeof lookAt>>;
