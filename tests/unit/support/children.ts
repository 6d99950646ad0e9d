import { deepStrictEqual, strictEqual } from "assert";
import { assertAccepted } from "./refusals";
import { ISSUER } from "./standIn";
import { Run } from "./underMocks";

const FIELD_MANAGER = { "pulumi.com/patchFieldManager": "eks-cni/project/stack/cni" };

/** The outputs of the live checks, for a component without live checks. */
export const OUTPUTS_WITHOUT_LIVE_CHECKS = {
    emergencyCommand: "",
    verifiedPods: 0,
    detachedFrom: [],
    remainingSteps: [
        "[verify] The pods were not checked. Check that AWS_ROLE_ARN of each pod is the role: kubectl describe pods -n " +
            "kube-system -l k8s-app=aws-node",
        "[detach] Node roles that held the CNI policy still hold it. Once every pod has the role, run for each node role: aws " +
            "iam detach-role-policy --role-name NODE_ROLE --policy-arn POLICY_ARN",
    ],
};

/** A child of the component "cni", with all its inputs. */
export interface Child {
    type: string;
    name: string;
    inputs: Record<string, unknown>;
    dependsOn: string[];
}

export function children({ resources }: Run<unknown>): Child[] {
    for (const { parent } of resources.slice(1)) {
        strictEqual(parent, "cni");
    }
    return byName(resources.slice(1).map(({ type, name, inputs, dependsOn }) => ({ type, name, inputs, dependsOn })));
}

/** Independent resources are registered in any order. */
function byName(children: Child[]): Child[] {
    return [...children].sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function assertChildren(run: Run<unknown>, expected: Child[]): void {
    assertAccepted(run);
    deepStrictEqual(children(run), byName(expected));
}

export function trust(issuer: string, sub = "system:serviceaccount:kube-system:aws-node") {
    return {
        Effect: "Allow",
        Principal: { Federated: `arn:aws:iam::111122223333:oidc-provider/${issuer}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${issuer}:aud`]: "sts.amazonaws.com", [`${issuer}:sub`]: sub } },
    };
}

export function role(inputs: Record<string, unknown> = {}, statements = [trust(ISSUER)]): Child {
    const assumeRolePolicy = JSON.stringify({ Version: "2012-10-17", Statement: statements });
    return { type: "aws:iam/role:Role", name: "cni-role", inputs: { assumeRolePolicy, ...inputs }, dependsOn: [] };
}

export function attachment(
    suffix: string,
    policyArn: string,
    dependsOn = ["cni-role"],
    roleName = "cni-role-1a2b3c4",
): Child {
    return {
        type: "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        name: `cni-${suffix}`,
        inputs: { policyArn, role: roleName },
        dependsOn,
    };
}

export function serviceAccount(annotations: Record<string, string>, dependsOn: string[], place = {}): Child {
    return {
        type: "kubernetes:core/v1:ServiceAccountPatch",
        name: "cni-service-account",
        inputs: {
            apiVersion: "v1",
            kind: "ServiceAccount",
            metadata: {
                namespace: "kube-system",
                name: "aws-node",
                ...place,
                // Tells live checks that were turned off that they have nothing to hand back.
                annotations: { ...annotations, "eks-cni/live-checks": "off", ...FIELD_MANAGER },
            },
        },
        dependsOn,
    };
}

export function daemonSet(delivered: string, dependsOn: string[], place = {}): Child {
    return {
        type: "kubernetes:apps/v1:DaemonSetPatch",
        name: "cni-daemon-set",
        inputs: {
            apiVersion: "apps/v1",
            kind: "DaemonSet",
            metadata: { namespace: "kube-system", name: "aws-node", ...place, annotations: FIELD_MANAGER },
            spec: { template: { metadata: { annotations: { "eks-cni/delivered": delivered } } } },
        },
        dependsOn,
    };
}

export function child(run: Run<unknown>, name: string): Child | undefined {
    return children(run).find((candidate) => candidate.name === name);
}

export function input(run: Run<unknown>, name: string, key: string): unknown {
    return child(run, name)?.inputs[key];
}
